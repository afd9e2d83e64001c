package rill.codec;

import io.netty.buffer.ByteBuf;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.Random;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import rill.Context;
import rill.Outgoing;

/** A Context that does nothing, and allocates nothing. */
public final class QuietContext implements Context {
    public static final Context CONTEXT = new QuietContext();

    private final Random random = new Random(1);
    private final SocketAddress peer = InetSocketAddress.createUnresolved("peer", 1);

    @Override
    public RandomGenerator random() {
        return random;
    }

    @Override
    public SocketAddress remoteAddress() {
        return peer;
    }

    @Override
    public SocketAddress target() {
        return peer;
    }

    @Override
    public <T> T shared(Class<T> type, Supplier<? extends T> maker) {
        throw new UnsupportedOperationException();
    }

    @Override
    public ByteBuf own(ByteBuf borrowed) {
        throw new UnsupportedOperationException();
    }

    @Override
    public ByteBuf lend(int atLeast) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void needMore(int bytes) {}

    @Override
    public Outgoing out() {
        throw new UnsupportedOperationException();
    }

    @Override
    public void stop() {}

    @Override
    public void startTimer(Duration after) {}

    @Override
    public void stopTimer() {}

    @Override
    public void runBlocking(Runnable work) {}

    @Override
    public void holdWrites() {}

    @Override
    public void releaseWrites() {}

    @Override
    public void end() {}
}
