package rill.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Locale;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import org.jspecify.annotations.Nullable;

/**
 * Undoes gzip and deflate, a piece at a time, so that small input does not become large before someone asks for it.
 *
 * <pre>
 *  gzip:     HEADER ──▶ DEFLATED ──▶ TRAILER ──▶ HEADER, if another member follows
 *  deflate:  DEFLATED (in the zlib format) ──▶ END
 * </pre>
 *
 * <p><b>Source:</b> RFC 1952, RFC 1950; RFC 9110, section 8.4.1.
 */
final class ContentCoding {
    private enum State {
        HEADER,
        DEFLATED,
        TRAILER,
        END
    }

    private static final byte[] NONE = {};
    private static final int PIECE = 16 * 1024;
    private static final int LONGEST_HEADER = 4 * 1024;
    private static final int TRAILER = 8;
    private static final long RATIO_COUNTS_FROM = 1024 * 1024;

    private final boolean gzip;
    private final long most;
    private final int ratio;
    private final Inflater inflater;
    private final CRC32 crc = new CRC32();
    private final ArrayDeque<byte[]> waiting = new ArrayDeque<>();
    private byte[] input = NONE;
    private int at;
    private State state;
    private byte[] room = NONE; // for a piece, until there is one
    private byte[] kept = NONE; // of an incomplete header or trailer
    private boolean members; // at least one is complete
    private long came;
    private long gave;
    private boolean closed;

    private ContentCoding(boolean gzip, long most, int ratio) {
        this.gzip = gzip;
        this.most = most;
        this.ratio = ratio;
        this.inflater = new Inflater(gzip);
        this.state = gzip ? State.HEADER : State.DEFLATED;
    }

    /** Null if there is no coding, or an unknown one. */
    static @Nullable ContentCoding of(@Nullable String coding, long most, int ratio) {
        return coding == null
                ? null
                : switch (coding.toLowerCase(Locale.ROOT)) {
                    case "gzip", "x-gzip" -> new ContentCoding(true, most, ratio);
                    case "deflate" -> new ContentCoding(false, most, ratio);
                    default -> null;
                };
    }

    /** Takes received bytes, and releases them. */
    void feed(ByteBuf bytes) {
        byte[] copy = new byte[bytes.readableBytes()];
        bytes.readBytes(copy);
        bytes.release();
        came += copy.length;
        waiting.add(copy);
    }

    /** The next piece; null if more input is needed. */
    @Nullable
    ByteBuf poll() throws IOException {
        while (!closed) {
            if (at == input.length && !refill() && state != State.DEFLATED) {
                return null;
            }
            switch (state) {
                case HEADER -> header();
                case TRAILER -> trailer();
                case END -> throw new IOException("the compressed body goes on after its end");
                case DEFLATED -> {
                    ByteBuf piece = inflate();
                    if (piece != null) {
                        return piece;
                    }
                    if (state == State.DEFLATED && at == input.length && waiting.isEmpty()) {
                        return null;
                    }
                }
            }
        }
        return null;
    }

    private boolean refill() {
        byte[] next = waiting.poll();
        if (next == null) {
            return false;
        }
        input = next;
        at = 0;
        return true;
    }

    private @Nullable ByteBuf inflate() throws IOException {
        byte[] piece = room.length == 0 ? new byte[PIECE] : room;
        room = piece;
        inflater.setInput(input, at, input.length - at);
        int got;
        try {
            got = inflater.inflate(piece);
        } catch (DataFormatException e) {
            throw new IOException("the compressed body is malformed: " + e.getMessage());
        }
        at = input.length - inflater.getRemaining();
        if (inflater.needsDictionary()) {
            throw new IOException("the compressed body needs a dictionary");
        }
        if (inflater.finished()) {
            state = gzip ? State.TRAILER : State.END;
        }
        gave += got;
        requireBounded();
        if (gzip) {
            crc.update(piece, 0, got);
        }
        if (got == 0) {
            return null;
        }
        room = NONE;
        return Unpooled.wrappedBuffer(piece, 0, got);
    }

    private void requireBounded() throws IOException {
        if (gave > most) {
            throw new IOException("the body has more than " + most + " bytes when it is inflated");
        }
        if (gave > RATIO_COUNTS_FROM && gave / ratio > came) {
            throw new IOException("the body becomes more than " + ratio + " times as large when it is inflated");
        }
    }

    // ---- gzip

    private void keep(int most) {
        int count = Math.min(most, input.length - at);
        byte[] more = Arrays.copyOf(kept, kept.length + count);
        System.arraycopy(input, at, more, kept.length, count);
        at += count;
        kept = more;
    }

    private void header() throws IOException {
        keep(LONGEST_HEADER - kept.length);
        int size = headerSize(kept);
        if (size < 0 && kept.length == LONGEST_HEADER) {
            throw new IOException("the header of the gzip body has more than " + LONGEST_HEADER + " bytes");
        }
        if (size < 0) {
            return;
        }
        at -= kept.length - size;
        kept = NONE;
        inflater.reset();
        crc.reset();
        state = State.DEFLATED;
    }

    /** The size of the header; -1 if it is incomplete. */
    private static int headerSize(byte[] head) throws IOException {
        if ((head.length >= 1 && head[0] != 0x1F)
                || (head.length >= 2 && head[1] != (byte) 0x8B)
                || (head.length >= 3 && head[2] != 8)
                || (head.length >= 4 && (head[3] & 0xE0) != 0)) {
            throw new IOException("the body is not gzip, as it says");
        }
        int size = 10;
        if (head.length < size) {
            return -1;
        }
        int flags = head[3];
        if ((flags & 4) != 0) {
            if (head.length < size + 2) {
                return -1;
            }
            size += 2 + ((head[size] & 0xFF) | ((head[size + 1] & 0xFF) << 8));
        }
        for (int text = 8; text <= 16; text <<= 1) { // name, comment
            if ((flags & text) != 0) {
                while (size < head.length && head[size] != 0) {
                    size++;
                }
                size++;
            }
        }
        size += (flags & 2) != 0 ? 2 : 0;
        return size <= head.length ? size : -1;
    }

    private void trailer() throws IOException {
        keep(TRAILER - kept.length);
        if (kept.length < TRAILER) {
            return;
        }
        if (number(0) != crc.getValue() || number(4) != (inflater.getBytesWritten() & 0xFFFF_FFFFL)) {
            throw new IOException("the gzip body has another sum than it says");
        }
        kept = NONE;
        members = true;
        state = State.HEADER;
    }

    private long number(int from) {
        return (kept[from] & 0xFFL)
                | (kept[from + 1] & 0xFFL) << 8
                | (kept[from + 2] & 0xFFL) << 16
                | (kept[from + 3] & 0xFFL) << 24;
    }

    /** Called at the end of the input: throws if the compressed data is incomplete. */
    void requireEnd() throws IOException {
        boolean whole = gzip ? state == State.HEADER && kept.length == 0 && members : state == State.END;
        if (!whole && came > 0) {
            throw new IOException("the compressed body has ended in the middle");
        }
    }

    void close() {
        if (!closed) {
            closed = true;
            inflater.end();
            waiting.clear();
            room = NONE;
        }
    }
}
