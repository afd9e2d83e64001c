package rill;

import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * Messages that wait because the session on top holds writes. They are encoded when it releases them, since its state may decide how. Exists only
 * while messages wait. Confined to the loop.
 */
final class HeldWrites {
    private final ArrayDeque<Held> queue = new ArrayDeque<>();
    private long bytes;

    /** Whether they are being encoded; what is written meanwhile goes behind them. */
    boolean leaving;

    private record Held(Object message, int size) {}

    /** Takes over the message. */
    void add(Object message, int size) {
        queue.add(new Held(message, size));
        bytes += size;
    }

    /** Hands over the first message; null if there is none. */
    @Nullable
    Object poll() {
        Held first = queue.poll();
        if (first == null) {
            return null;
        }
        bytes -= first.size;
        return first.message;
    }

    boolean isEmpty() {
        return queue.isEmpty();
    }

    /** The approximate number of bytes that they will have. */
    long bytes() {
        return bytes;
    }

    void release() {
        for (Object message = poll(); message != null; message = poll()) {
            Messages.release(message);
        }
    }
}
