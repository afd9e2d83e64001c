package rill.http.websocket;

import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.LongBuffer;
import java.util.Arrays;
import java.util.random.RandomGenerator;
import java.util.zip.Deflater;
import java.util.zip.Inflater;
import org.jspecify.annotations.Nullable;
import rill.Context;

/**
 * Working space shared by all WebSockets of a loop. Except for borrowed inflaters, nothing in it outlives a call to a session.
 *
 * <p>Without context takeover a compressor is used for one message at a time, so a few of them serve any number of connections. The JDK frees their native
 * memory when they become garbage.
 */
final class Scratch {
    /** The number of bytes processed at a time. More room for compressed bytes is kept only while it is needed. */
    static final int SIZE = 16 * 1024;

    private static final int MASKS = 64;
    private static final int SPARE_INFLATERS = 4;

    final byte[] bytes = new byte[SIZE];
    final LongBuffer bytesAsLongs =
            ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder()).asLongBuffer();
    final long[] longs = new long[512]; // see Mask
    private final byte[] masks = new byte[MASKS * Integer.BYTES];
    private int nextMask = MASKS;
    private final @Nullable Inflater[] spare = new Inflater[SPARE_INFLATERS];
    private int spares;
    private @Nullable Deflater deflater;
    private byte[] product = new byte[SIZE];
    private final Utf8Check utf8 = new Utf8Check();

    static Scratch of(Context context) {
        return context.shared(Scratch.class, Scratch::new);
    }

    /** An unpredictable key. Many are generated at a time, since a call of a secure source is expensive. */
    int nextMask(RandomGenerator random) {
        if (nextMask == MASKS) {
            random.nextBytes(masks);
            nextMask = 0;
        }
        int at = nextMask++ * Integer.BYTES;
        return (masks[at] & 0xFF) << 24
                | (masks[at + 1] & 0xFF) << 16
                | (masks[at + 2] & 0xFF) << 8
                | (masks[at + 3] & 0xFF);
    }

    /** Takes {@code count} bytes, at most {@link #SIZE}, and unmasks them: the first with the first byte of the mask, if that is not 0. */
    void take(ByteBuf in, int count, int mask) {
        in.readBytes(bytes, 0, count);
        if (mask != 0) {
            Mask.apply(mask, this, count);
        }
    }

    /** Moves any number of bytes, and unmasks them. */
    void move(ByteBuf in, int count, int mask, ByteBuf to) {
        for (int left = count; left > 0; ) {
            int some = Math.min(SIZE, left);
            take(in, some, mask);
            to.writeBytes(bytes, 0, some);
            left -= some;
        }
    }

    /** Valid for one call. */
    Utf8Check utf8() {
        utf8.reset();
        return utf8;
    }

    /** Lends an inflater for one message. */
    Inflater takeInflater() {
        if (spares == 0) {
            return new Inflater(true);
        }
        Inflater taken = spare[--spares];
        spare[spares] = null;
        return taken == null ? new Inflater(true) : taken;
    }

    void giveBack(Inflater lent) {
        if (spares == SPARE_INFLATERS) {
            lent.end();
        } else {
            lent.reset();
            spare[spares++] = lent;
        }
    }

    /** Valid for one call, which must end with {@link Deflater#reset}. */
    Deflater deflater() {
        Deflater own = deflater;
        if (own == null) {
            own = new Deflater(Deflater.DEFAULT_COMPRESSION, true);
            deflater = own;
        }
        return own;
    }

    /** The output array for compressed or inflated bytes, with at least this size; the earlier contents are kept. */
    byte[] product(int atLeast) {
        if (product.length < atLeast) {
            product = Arrays.copyOf(product, Math.max(atLeast, 2 * product.length));
        }
        return product;
    }

    /** Shrinks the output array, so that it does not stay large after one message. */
    void forgetProduct() {
        if (product.length > 4 * SIZE) {
            product = new byte[SIZE];
        }
    }
}
