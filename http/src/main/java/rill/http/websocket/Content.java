package rill.http.websocket;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import org.jspecify.annotations.Nullable;
import rill.Context;

/**
 * The content of a message that does not arrive all at once. It grows with the bytes that arrive, whatever length was announced.
 *
 * <p><b>Ownership:</b> it owns its buffer until a message takes it, or {@link #release}.
 */
final class Content {
    /** The bytes that a sender omits at the end of a message: RFC 7692, section 7.2.2. */
    private static final byte[] TAIL = {0, 0, (byte) 0xFF, (byte) 0xFF};

    final boolean text;
    final boolean compressed;
    private @Nullable Inflater inflater; // borrowed when compressed bytes have come
    private final Context context;
    private final Scratch scratch;
    private final Utf8Check utf8 = new Utf8Check();
    private @Nullable ByteBuf bytes;
    int frames; // or, for a message in parts, those in a row of which nothing was delivered
    boolean delivered; // a part, of the present frame

    Content(boolean text, boolean compressed, Context context, Scratch scratch) {
        this.text = text;
        this.compressed = compressed;
        this.context = context;
        this.scratch = scratch;
    }

    int size() {
        return bytes == null ? 0 : bytes.readableBytes();
    }

    /** The buffer, with room for {@code more} bytes; it grows to at most {@code most} in total. */
    private ByteBuf room(int more, int most) {
        ByteBuf before = bytes;
        if (before == null) {
            return bytes = context.own(more);
        }
        if (before.writableBytes() >= more) {
            return before;
        }
        long needed = (long) size() + more;
        long room = Math.min(Math.max(most, needed), Math.max(needed, 2L * size()));
        ByteBuf larger = context.own((int) Math.min(room, Integer.MAX_VALUE)).writeBytes(before);
        before.release();
        return bytes = larger;
    }

    /**
     * Takes {@code count} bytes, and unmasks them.
     *
     * @param most the largest size of the whole content, as far as it is known
     * @return the index, among these, of the first malformed byte of a text; or -1
     */
    int take(ByteBuf in, int count, int mask, int most) {
        if (count == 0) {
            return -1;
        }
        ByteBuf to = room(count, most);
        if (mask == 0 && !text) {
            to.writeBytes(in, count);
            return -1;
        }
        for (int at = 0; at < count; at += Scratch.SIZE) {
            int some = Math.min(Scratch.SIZE, count - at);
            scratch.take(in, some, mask);
            int malformed = text ? utf8.firstMalformed(scratch.bytes, 0, some) : -1;
            if (malformed >= 0) {
                return at + malformed;
            }
            to.writeBytes(scratch.bytes, 0, some);
        }
        return -1;
    }

    /**
     * Inflates the input of its inflater, up to {@code most} bytes in total.
     *
     * @return whether there may be more
     * @throws MalformedException if the compressed data is malformed, or the output is not text
     */
    boolean inflate(int most) throws MalformedException {
        Inflater from = inflater();
        while (size() < most) {
            if (inflateSome(from, Math.min(Scratch.SIZE, most - size()), most) == 0) {
                return false;
            }
        }
        return true;
    }

    private int inflateSome(Inflater from, int atMost, int most) throws MalformedException {
        byte[] product = scratch.product(Scratch.SIZE);
        int got;
        try {
            got = from.inflate(product, 0, atMost);
        } catch (DataFormatException e) {
            throw new MalformedException("expected compressed bytes: " + e.getMessage());
        }
        if (text && utf8.firstMalformed(product, 0, got) >= 0) {
            throw new MalformedException("expected text in UTF-8 in what was compressed");
        }
        if (got > 0) {
            room(got, most).writeBytes(product, 0, got);
        }
        return got;
    }

    Inflater inflater() {
        Inflater borrowed = inflater;
        if (borrowed == null) {
            borrowed = scratch.takeInflater();
            inflater = borrowed;
        }
        return borrowed;
    }

    /** Appends the bytes that the sender omitted. */
    void feedTail() {
        inflater().setInput(TAIL);
    }

    /** Whether it does not end within a character. */
    boolean isWhole() {
        return utf8.complete();
    }

    /** Returns the whole message. */
    WebSocketMessage whole() {
        if (!text) {
            return new WebSocketMessage.Binary(taken());
        }
        var whole = new WebSocketMessage.Text(characters(size()));
        release();
        return whole;
    }

    private ByteBuf taken() {
        ByteBuf all = bytes;
        bytes = null;
        return all == null ? Unpooled.EMPTY_BUFFER : all;
    }

    private String characters(int count) {
        ByteBuf from = bytes;
        return from == null || count == 0
                ? ""
                : new String(ByteBufUtil.getBytes(from, from.readerIndex(), count), StandardCharsets.UTF_8);
    }

    /** Returns the available content, in whole characters; an incomplete one is kept for the next part. Null if there is none. */
    @Nullable
    WebSocketMessage part(boolean last) {
        int rest = text ? utf8.unfinished() : 0;
        int whole = size() - rest;
        if (whole == 0 && !last) {
            return null;
        }
        delivered = true;
        if (!text) {
            return new WebSocketMessage.BinaryPart(taken(), last);
        }
        var part = new WebSocketMessage.TextPart(characters(whole), last);
        if (bytes != null && rest > 0) {
            bytes.skipBytes(whole).discardReadBytes();
        } else {
            release();
        }
        return part;
    }

    /** Nothing more of it comes. */
    void ends() {
        if (inflater != null) {
            scratch.giveBack(inflater);
            inflater = null;
        }
    }

    void release() {
        taken().release();
    }

    /** The content is malformed. */
    static final class MalformedException extends Exception {
        private static final long serialVersionUID = 1L;

        MalformedException(String message) {
            super(message, null, false, false);
        }
    }

    /** Rejects a text with an unpaired surrogate, which can't be encoded as UTF-8. */
    static void requirePaired(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (Character.isSurrogate(c)) {
                if (!Character.isHighSurrogate(c)
                        || i + 1 == text.length()
                        || !Character.isLowSurrogate(text.charAt(i + 1))) {
                    throw new IllegalArgumentException(
                            "a text with an unpaired surrogate (at index " + i + ") can't be encoded");
                }
                i++;
            }
        }
    }
}
