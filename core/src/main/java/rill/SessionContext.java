package rill;

import java.net.SocketAddress;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** What a session may know of where it runs. */
public final class SessionContext {
    private final RandomGenerator random;
    private final SocketAddress remoteAddress;
    private final @Nullable Buffers buffers; // of the connection's loop; null in a test of a codec alone

    /** Of a session without a connection, such as a test opens. */
    public SessionContext(RandomGenerator random, SocketAddress remoteAddress) {
        this(random, remoteAddress, null);
    }

    SessionContext(RandomGenerator random, SocketAddress remoteAddress, @Nullable Buffers buffers) {
        this.random = random;
        this.remoteAddress = remoteAddress;
        this.buffers = buffers;
    }

    /** The loop's randomness, the only one that a session uses; on the loop only. */
    public RandomGenerator random() {
        return random;
    }

    /** The peer. */
    public SocketAddress remoteAddress() {
        return remoteAddress;
    }

    /** Null without a loop. */
    @Nullable
    Buffers buffers() {
        return buffers;
    }
}
