package rill.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.jspecify.annotations.Nullable;
import rill.Future;

/** Delivers an array in slices. */
final class Slices implements HttpBody.Source {
    private final byte[] bytes;
    private final int most;
    private int at;

    Slices(byte[] bytes, int most) {
        this.bytes = bytes;
        this.most = most;
    }

    @Override
    public Future<@Nullable ByteBuf> next() {
        int size = Math.min(most, bytes.length - at);
        ByteBuf slice = size == 0 ? null : Unpooled.wrappedBuffer(bytes, at, size);
        at += size;
        return Future.of(slice);
    }
}
