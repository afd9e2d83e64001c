package rill.transport.uring;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * What has been received for a Wire and may not be delivered yet, because reads are paused or its turn is over: bytes, and perhaps their end. A Wire
 * has one only while there is something in it.
 */
final class Unread {
    private static final int FIRST_SIZE = 512;

    private byte[] bytes = new byte[FIRST_SIZE];
    private int head;
    private int tail;
    private boolean ended;
    private @Nullable IOException failure;

    void append(ReceiveBuffers from, int at, int length) {
        if (tail + length > bytes.length) {
            makeRoom(length);
        }
        from.copy(at, length, bytes, tail);
        tail += length;
    }

    private void makeRoom(int length) {
        int kept = tail - head;
        int wanted = Math.addExact(kept, length);
        if (wanted <= bytes.length / 2) {
            System.arraycopy(bytes, head, bytes, 0, kept);
        } else {
            byte[] larger = new byte[Math.max(wanted, (int) Math.min(2L * bytes.length, Integer.MAX_VALUE - 8))];
            System.arraycopy(bytes, head, larger, 0, kept);
            bytes = larger;
        }
        head = 0;
        tail = kept;
    }

    /**
     * Ends it: nothing follows this.
     *
     * @param why null for the end of the peer's stream
     */
    void end(@Nullable IOException why) {
        if (!ended) {
            ended = true;
            failure = why;
        }
    }

    boolean hasBytes() {
        return head < tail;
    }

    boolean ended() {
        return ended;
    }

    @Nullable
    IOException failure() {
        return failure;
    }

    /** Moves as many bytes as there is room for, and returns how many. */
    int moveTo(ByteBuf target) {
        int length = Math.min(tail - head, target.writableBytes());
        target.writeBytes(bytes, head, length);
        head += length;
        return length;
    }
}
