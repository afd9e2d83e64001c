package rill.codec.tls;

import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import rill.Context;

/**
 * The memory that all TLS sessions of a loop share. The JDK's engine works on arrays, and copies other buffers itself, at nearly twice the cost. So
 * records are copied in, and the results are copied out.
 *
 * <p>Nothing in it outlives a call to a session.
 */
final class Scratch {
    /** The header of a record, and the longest that may follow it: RFC 5246, section 6.2.3. */
    private static final int SIZE = TlsRecord.HEADER + TlsRecord.LONGEST;

    private final ByteBuffer source = ByteBuffer.allocate(SIZE);
    private ByteBuffer target = ByteBuffer.allocate(SIZE);

    static Scratch of(Context context) {
        return context.shared(Scratch.class, Scratch::new);
    }

    /** Copies this many bytes of the buffer, whose indices don't change. */
    ByteBuffer source(ByteBuf from, int index, int length) {
        from.getBytes(index, source.array(), 0, length);
        return source.limit(length).position(0);
    }

    /** An empty buffer for the result. */
    ByteBuffer target() {
        return target.clear();
    }

    /** The same with more space, which an engine may ask for. */
    ByteBuffer largerTarget(int atLeast) {
        if (target.capacity() < atLeast) {
            target = ByteBuffer.allocate(atLeast);
        }
        return target();
    }
}
