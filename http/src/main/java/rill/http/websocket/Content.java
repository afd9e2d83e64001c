package rill.http.websocket;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Objects;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import org.jspecify.annotations.Nullable;

/**
 * The content of a message that does not come all at once. It grows as bytes come, whatever length was announced.
 */
final class Content {
    private static final byte[] NONE = {};

    /** What a sender leaves out at the end of a message: RFC 7692, section 7.2.2. */
    private static final byte[] TAIL = {0, 0, (byte) 0xFF, (byte) 0xFF};

    private static final int FIRST_ROOM = 512;

    final boolean text;
    final @Nullable Inflater inflater; // lent; null if it is not compressed
    private final Utf8Check utf8 = new Utf8Check();
    private byte[] bytes = NONE;
    private int size;
    int frames; // or, of a message in parts, those in a row that brought nothing

    Content(boolean text, @Nullable Inflater inflater) {
        this.text = text;
        this.inflater = inflater;
    }

    int size() {
        return size;
    }

    /** Makes room for so many bytes more, and for no more than {@code most} in all. */
    private void makeRoom(int more, int most) {
        long needed = (long) size + more;
        if (needed > bytes.length) {
            long room = Math.min(Math.max(most, needed), Math.max(needed, 2L * bytes.length));
            bytes = Arrays.copyOf(bytes, (int) room);
        }
    }

    /**
     * Takes so many bytes, and unmasks them.
     *
     * @param most how many it will hold at the most, as far as that is known
     * @return the index, among these, of the first one that a text can't have there; or -1
     */
    int take(ByteBuf in, int count, int mask, int most) {
        makeRoom(count, most);
        in.readBytes(bytes, size, count);
        if (mask != 0) {
            Mask.apply(mask, bytes, size, size + count);
        }
        int from = size;
        size += count;
        int malformed = text ? utf8.firstMalformed(bytes, from, size) : -1;
        return malformed < 0 ? -1 : malformed - from;
    }

    /**
     * Inflates what its inflater was given, up to so many bytes in all.
     *
     * @return whether there may be more
     * @throws MalformedException if the bytes are not compressed ones, or what they become is no text
     */
    boolean inflate(int most) throws MalformedException {
        Inflater from = Objects.requireNonNull(inflater);
        while (size < most) {
            if (size == bytes.length) {
                makeRoom(Math.min(FIRST_ROOM, most - size), most);
            }
            int got = inflateSome(from, Math.min(bytes.length, most) - size);
            if (got == 0) {
                return false;
            }
        }
        return true;
    }

    private int inflateSome(Inflater from, int room) throws MalformedException {
        int got;
        try {
            got = from.inflate(bytes, size, room);
        } catch (DataFormatException e) {
            throw new MalformedException("expected compressed bytes: " + e.getMessage());
        }
        if (text && utf8.firstMalformed(bytes, size, size + got) >= 0) {
            throw new MalformedException("expected text in UTF-8 in what was compressed");
        }
        size += got;
        return got;
    }

    /** Puts back what the sender has left out. */
    void feedTail() {
        Objects.requireNonNull(inflater).setInput(TAIL);
    }

    /** Whether it does not end within a character. */
    boolean isWhole() {
        return utf8.complete();
    }

    /** The whole message. */
    WebSocketMessage whole() {
        return text
                ? new WebSocketMessage.Text(new String(bytes, 0, size, StandardCharsets.UTF_8))
                : new WebSocketMessage.Binary(taken());
    }

    private byte[] taken() {
        byte[] all = size == bytes.length ? bytes : Arrays.copyOf(bytes, size);
        bytes = NONE;
        size = 0;
        return all;
    }

    /** What there is, in whole characters; the rest of a character stays for the next part. Null if that is nothing. */
    @Nullable
    WebSocketMessage part(boolean last) {
        frames = 0;
        int rest = text ? utf8.unfinished() : 0;
        if (size == rest && !last) {
            return null;
        }
        if (!text) {
            return new WebSocketMessage.BinaryPart(taken(), last);
        }
        var part = new WebSocketMessage.TextPart(new String(bytes, 0, size - rest, StandardCharsets.UTF_8), last);
        System.arraycopy(bytes, size - rest, bytes, 0, rest);
        size = rest;
        return part;
    }

    /** What came is not what it was said to be. */
    static final class MalformedException extends Exception {
        private static final long serialVersionUID = 1L;

        MalformedException(String message) {
            super(message, null, false, false);
        }
    }

    /** Refuses a text with half a surrogate pair, which has no bytes in UTF-8. */
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
