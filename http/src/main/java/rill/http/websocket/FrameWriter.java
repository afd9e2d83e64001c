package rill.http.websocket;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import java.nio.charset.StandardCharsets;
import java.util.random.RandomGenerator;
import java.util.zip.Deflater;
import rill.Outgoing;

/** Writes frames, of one side: of a client with a mask, of a server without. */
final class FrameWriter {
    private static final int PIECE = Scratch.SIZE; // a multiple of a mask
    private static final int TAIL = 4; // 00 00 FF FF, which is left out

    private final boolean client;
    private final boolean deflate;
    private final int deflateFrom;
    private final Scratch scratch;
    private final RandomGenerator random;
    private int open; // the opcode of the message of which parts were written; 0 if there is none

    FrameWriter(boolean client, boolean deflate, int deflateFrom, Scratch scratch, RandomGenerator random) {
        this.client = client;
        this.deflate = deflate;
        this.deflateFrom = deflateFrom;
        this.scratch = scratch;
        this.random = random;
    }

    // ---- messages

    void text(String text, Outgoing out) {
        requireNoneOpen();
        int size = utf8Size(text);
        if (!compresses(size) || !deflated(Frame.TEXT, text.getBytes(StandardCharsets.UTF_8), out)) {
            text(Frame.FIN | Frame.TEXT, text, size, out);
        }
    }

    void binary(byte[] bytes, Outgoing out) {
        requireNoneOpen();
        if (!compresses(bytes.length) || !deflated(Frame.BINARY, bytes, out)) {
            payload(Frame.FIN | Frame.BINARY, bytes, bytes.length, out);
        }
    }

    void textPart(WebSocketMessage.TextPart part, Outgoing out) {
        text(firstOfPart(Frame.TEXT, part.last()), part.text(), utf8Size(part.text()), out);
        open = part.last() ? 0 : Frame.TEXT;
    }

    void binaryPart(WebSocketMessage.BinaryPart part, Outgoing out) {
        payload(firstOfPart(Frame.BINARY, part.last()), part.bytes(), part.length(), out);
        open = part.last() ? 0 : Frame.BINARY;
    }

    private int firstOfPart(int opcode, boolean last) {
        if (open != 0 && open != opcode) {
            throw new IllegalStateException("a part of a message of "
                    + (opcode == Frame.TEXT ? "text within one of bytes" : "bytes within one of text")
                    + ", which has not ended");
        }
        return (open == 0 ? opcode : Frame.CONTINUATION) | (last ? Frame.FIN : 0);
    }

    private void requireNoneOpen() {
        if (open != 0) {
            throw new IllegalStateException(
                    "a whole message within one in parts, which has not ended; only Ping, Pong and Close may come between");
        }
    }

    void control(int opcode, byte[] bytes, Outgoing out) {
        if (bytes.length > Frame.LONGEST_CONTROL) {
            throw new IllegalArgumentException(
                    "a Ping or Pong of " + bytes.length + " bytes; it has room for " + Frame.LONGEST_CONTROL);
        }
        payload(Frame.FIN | opcode, bytes, bytes.length, out);
    }

    void close(int code, String reason, Outgoing out) {
        if (code == WebSocketMessage.Close.NO_CODE) {
            head(Frame.FIN | Frame.CLOSE, 0, out, 0);
            return;
        }
        int size = Short.BYTES + utf8Size(reason);
        ByteBuf buffer = head(Frame.FIN | Frame.CLOSE, size, out, size);
        int start = buffer.writerIndex();
        buffer.writeShort(code);
        ByteBufUtil.writeUtf8(buffer, reason);
        mask(buffer, start);
    }

    // ---- compression

    private boolean compresses(int size) {
        return deflate && size > 0 && size >= deflateFrom;
    }

    /** False, and nothing written, if that makes it no smaller. */
    private boolean deflated(int opcode, byte[] bytes, Outgoing out) {
        Deflater deflater = scratch.deflater();
        deflater.setInput(bytes);
        int size = 0;
        byte[] target = scratch.deflated(Scratch.SIZE);
        for (boolean more = true; more; ) {
            target = scratch.deflated(size + Scratch.SIZE);
            int got = deflater.deflate(target, size, target.length - size, Deflater.SYNC_FLUSH);
            size += got;
            more = size == target.length;
        }
        boolean smaller = size - TAIL < bytes.length;
        if (smaller) {
            payload(Frame.FIN | Frame.RSV1 | opcode, target, size - TAIL, out);
        }
        scratch.forgetDeflated();
        return smaller;
    }

    // ---- frames

    private void text(int first, String text, int size, Outgoing out) {
        ByteBuf buffer = head(first, size, out, size);
        int start = buffer.writerIndex();
        ByteBufUtil.writeUtf8(buffer, text);
        mask(buffer, start);
    }

    private void payload(int first, byte[] bytes, int size, Outgoing out) {
        ByteBuf buffer = head(first, size, out, Math.min(size, PIECE));
        for (int at = 0; at < size; at += PIECE) {
            int count = Math.min(PIECE, size - at);
            if (at > 0) {
                buffer = out.buffer(count);
            }
            if (client) { // an array is masked much faster than a buffer
                System.arraycopy(bytes, at, scratch.bytes, 0, count);
                Mask.apply(key, scratch.bytes, 0, count);
                buffer.writeBytes(scratch.bytes, 0, count);
            } else {
                buffer.writeBytes(bytes, at, count);
            }
        }
    }

    private int key; // of the present frame

    private void mask(ByteBuf buffer, int from) {
        if (client) {
            Mask.apply(key, buffer, from, buffer.writerIndex());
        }
    }

    /** Writes a head, and gives the buffer for what follows. */
    private ByteBuf head(int first, int size, Outgoing out, int room) {
        ByteBuf buffer = out.buffer(Frame.LONGEST_HEAD + room);
        int masked = client ? Frame.MASKED : 0;
        buffer.writeByte(first);
        if (size < Frame.TWO_BYTES) {
            buffer.writeByte(masked | size);
        } else if (size <= 0xFFFF) {
            buffer.writeByte(masked | Frame.TWO_BYTES).writeShort(size);
        } else {
            buffer.writeByte(masked | Frame.EIGHT_BYTES).writeLong(size);
        }
        if (client) {
            key = scratch.nextMask(random);
            buffer.writeInt(key);
        }
        return buffer;
    }

    /** The bytes of a text in UTF-8, if it is one: half a surrogate pair has none. */
    private static int utf8Size(String text) {
        int length = text.length();
        int ascii = 0;
        while (ascii < length && text.charAt(ascii) < 0x80) {
            ascii++;
        }
        if (ascii == length) {
            return length;
        }
        Content.requirePaired(text);
        return ByteBufUtil.utf8Bytes(text);
    }
}
