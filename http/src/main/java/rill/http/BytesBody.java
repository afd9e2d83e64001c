package rill.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.jspecify.annotations.Nullable;
import rill.Future;

/** A body of an array of bytes. */
final class BytesBody extends HttpBody {
    static final BytesBody EMPTY = new BytesBody(new byte[0]);

    private final byte[] bytes;
    private boolean taken; // by next()

    BytesBody(byte[] bytes) {
        this.bytes = bytes;
    }

    byte[] array() {
        return bytes;
    }

    @Override
    public long length() {
        return bytes.length;
    }

    @Override
    public Future<@Nullable ByteBuf> next() {
        boolean end = taken || bytes.length == 0;
        taken = true;
        return Future.of(end ? null : Unpooled.wrappedBuffer(bytes));
    }

    @Override
    Future<byte[]> gather(int limit) {
        return Future.of(bytes);
    }

    @Override
    public void close() {}
}
