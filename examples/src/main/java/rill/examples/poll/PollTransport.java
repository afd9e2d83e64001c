package rill.examples.poll;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import rill.spi.Selector;
import rill.spi.Transport;

/** TCP over IPv4, on Linux, by poll(2). It has no state: all of it is in its Selectors. */
public final class PollTransport implements Transport {
    static final String NAME = "poll";

    /** Creates the transport. */
    public PollTransport() {}

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public @Nullable String unavailable() {
        String system = System.getProperty("os.name", "");
        if (!system.equals("Linux")) {
            return "its numbers are those of Linux, and this is " + system;
        }
        Module module = PollTransport.class.getModule();
        return module.isNativeAccessEnabled()
                ? null
                : "native access is not enabled; start java with --enable-native-access="
                        + (module.isNamed() ? module.getName() : "ALL-UNNAMED");
    }

    @Override
    public int preference() {
        return -1; // only if there is nothing better
    }

    @Override
    public Selector open(Supplier<ByteBuf> receiveBuffer) throws IOException {
        String obstacle = unavailable();
        if (obstacle != null) {
            throw new IllegalStateException("transport poll is unavailable: " + obstacle);
        }
        return new PollSelector(receiveBuffer);
    }
}
