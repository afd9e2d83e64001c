package rill.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.Objects;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import org.jspecify.annotations.Nullable;
import rill.Future;
import rill.Loop;
import rill.Promise;
import rill.http.wire.HttpFields;

/**
 * A body compressed with gzip, piece by piece: the output for each piece is flushed before the next piece is asked for, so that the receiver can
 * decompress it at once. On the loop.
 *
 * <p><b>Source:</b> RFC 1952.
 */
final class Gzip implements HttpBody.Source {
    private static final byte[] HEAD = {0x1f, (byte) 0x8b, Deflater.DEFLATED, 0, 0, 0, 0, 0, 0, (byte) 0xff};
    private static final int LEVEL = 6;
    private static final int ROOM = 512;
    private static final int TRAILER = 8;

    private final HttpBody body;
    private final Deflater deflater = new Deflater(LEVEL, true);
    private final CRC32 checksum = new CRC32();
    private boolean begun;
    private boolean ended;

    Gzip(HttpBody body) {
        this.body = body;
    }

    /** Compresses an array. */
    static byte[] of(byte[] bytes) {
        var gzip = new Gzip(HttpBody.empty());
        try {
            gzip.add(bytes, bytes.length);
            ByteBuf out = gzip.taken(true);
            byte[] all = new byte[out.readableBytes()];
            out.readBytes(all);
            return all;
        } finally {
            gzip.deflater.end();
        }
    }

    @Override
    public Future<@Nullable ByteBuf> next() {
        if (ended) {
            return Future.of(null);
        }
        Loop loop = Objects.requireNonNull(Loop.current(), "a loop: a body is read on one");
        Promise<@Nullable ByteBuf> zipped = loop.promise();
        Future<@Nullable ByteBuf> next = body.next();
        zipped.onCancel(next::cancel);
        Hop.<@Nullable ByteBuf>onDone(loop, next, (piece, failure) -> took(zipped, piece, failure), body::close);
        return zipped;
    }

    /** The piece may arrive when nobody wants it any more. */
    private void took(Promise<@Nullable ByteBuf> zipped, @Nullable ByteBuf piece, @Nullable Throwable failure) {
        if (ended || zipped.isDone()) {
            if (piece != null) {
                piece.release();
            }
            zipped.complete(null);
        } else if (failure != null) {
            zipped.fail(failure);
        } else {
            try {
                zipped.complete(piece(piece));
            } catch (Throwable t) { // e.g. out of memory
                zipped.fail(t);
            }
        }
    }

    @Override
    public void finishing() {
        body.finishing();
    }

    HttpFields trailers() {
        return body.trailers();
    }

    private ByteBuf piece(@Nullable ByteBuf piece) {
        if (piece == null) {
            ended = true;
            return taken(true);
        }
        try {
            int size = piece.readableBytes();
            byte[] bytes = new byte[size];
            piece.readBytes(bytes);
            add(bytes, size);
        } finally {
            piece.release();
        }
        return taken(false);
    }

    private void add(byte[] bytes, int size) {
        checksum.update(bytes, 0, size);
        deflater.setInput(bytes, 0, size);
    }

    /** The output for all input so far: flushed so that it can be decompressed, or complete. */
    private ByteBuf taken(boolean last) {
        ByteBuf out = Unpooled.buffer(ROOM);
        if (!begun) {
            begun = true;
            out.writeBytes(HEAD);
        }
        if (last) {
            deflater.finish();
        }
        int flush = last ? Deflater.NO_FLUSH : Deflater.SYNC_FLUSH;
        int count;
        do {
            out.ensureWritable(ROOM);
            int room = out.writableBytes();
            count = deflater.deflate(out.array(), out.arrayOffset() + out.writerIndex(), room, flush);
            out.writerIndex(out.writerIndex() + count);
            if (count < room) {
                break;
            }
        } while (count > 0);
        if (last) {
            out.ensureWritable(TRAILER);
            out.writeIntLE((int) checksum.getValue());
            out.writeIntLE((int) deflater.getBytesRead());
        }
        return out;
    }

    @Override
    public void close() {
        ended = true;
        deflater.end();
        body.close();
    }
}
