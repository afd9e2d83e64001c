package rill.bridge.netty;

import java.io.IOException;
import java.io.UncheckedIOException;
import org.jspecify.annotations.Nullable;

/** What the exceptions of handlers are for their connection. */
final class Failures {
    private Failures() {}

    /** What the connection fails with: the IOException of the network or the peer, an unchecked one as it is, or any other one wrapped. */
    static IOException told(Throwable thrown) {
        IOException network = network(thrown);
        if (network != null) {
            return network;
        }
        return switch (thrown) {
            case RuntimeException other -> throw other;
            case Error error -> throw error;
            default -> new IOException(thrown);
        };
    }

    /** The IOException, also one that was wrapped on its way, which stems from the network or the peer; null if it is something else. */
    static @Nullable IOException network(Throwable thrown) {
        return switch (thrown) {
            case IOException io -> io;
            case RuntimeException wrapper when wrapper.getCause() instanceof IOException io && onlyWraps(wrapper) -> io;
            default -> null;
        };
    }

    /**
     * Whether it says no more than its cause: those of Netty, and of the JDK. Of Netty's codecs this module knows no class, so it asks for the name. An
     * exception of a user's code has a message and a place of its own.
     */
    private static boolean onlyWraps(RuntimeException thrown) {
        for (Class<?> each = thrown.getClass(); each != RuntimeException.class; each = each.getSuperclass()) {
            if (each == UncheckedIOException.class || each.getName().startsWith("io.netty.")) {
                return true;
            }
        }
        return false;
    }
}
