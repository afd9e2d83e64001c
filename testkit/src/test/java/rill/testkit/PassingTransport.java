package rill.testkit;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.util.function.Supplier;
import rill.spi.Environment;
import rill.spi.Selector;
import rill.spi.Transport;

/** A transport that wraps another one's selectors in faulty ones. */
record PassingTransport(Transport real, String name, Supplier<PassingSelector> selectors) implements Transport {
    @Override
    public int preference() {
        return real.preference();
    }

    @Override
    public Environment environment() {
        return real.environment();
    }

    @Override
    public boolean keepsDriver() {
        return real.keepsDriver();
    }

    @Override
    public Selector open(Supplier<ByteBuf> receiveBuffer) throws IOException {
        PassingSelector selector = selectors.get();
        selector.receiveBuffer = receiveBuffer;
        selector.real = real.open(receiveBuffer);
        return selector;
    }
}
