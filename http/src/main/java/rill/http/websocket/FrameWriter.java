package rill.http.websocket;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.random.RandomGenerator;
import java.util.zip.Deflater;
import rill.Outgoing;

/** Writes frames of one side: masked by a client, unmasked by a server. */
final class FrameWriter {
    private static final int PIECE = Scratch.SIZE; // a multiple of a mask
    private static final int WORTH_PASSING = 2 * 1024; // below this, copying costs less than a separate buffer
    private static final int LONG_TEXT = 1024; // from here on, encoding to an array costs less than checking each char
    private static final int TAIL = 4; // 00 00 FF FF, which is omitted

    private final boolean client;
    private final boolean deflate;
    private final int deflateFrom;
    private final Scratch scratch;
    private final RandomGenerator random;
    private int open; // the opcode of the message whose parts are being written; 0 if there is none

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
        if (text.length() >= LONG_TEXT) {
            byte[] bytes = encoded(text);
            if (!compresses(bytes.length) || !deflated(Frame.TEXT, ByteBuffer.wrap(bytes), out)) {
                payload(Frame.FIN | Frame.TEXT, bytes, bytes.length, out);
            }
            return;
        }
        int size = utf8Size(text);
        if (!compresses(size) || !deflated(Frame.TEXT, ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)), out)) {
            text(Frame.FIN | Frame.TEXT, text, size, out);
        }
    }

    void binary(ByteBuf content, Outgoing out) {
        requireNoneOpen();
        int size = content.readableBytes();
        if (!compresses(size) || !deflated(Frame.BINARY, content.nioBuffer(), out)) {
            payload(Frame.FIN | Frame.BINARY, content, out);
        }
    }

    void textPart(WebSocketMessage.TextPart part, Outgoing out) {
        int first = firstOfPart(Frame.TEXT, part.last());
        String text = part.text();
        if (text.length() >= LONG_TEXT) {
            byte[] bytes = encoded(text);
            payload(first, bytes, bytes.length, out);
        } else {
            text(first, text, utf8Size(text), out);
        }
        open = part.last() ? 0 : Frame.TEXT;
    }

    void binaryPart(WebSocketMessage.BinaryPart part, Outgoing out) {
        payload(firstOfPart(Frame.BINARY, part.last()), part.content(), out);
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

    void control(int opcode, byte[] bytes, int size, Outgoing out) {
        if (size > Frame.LONGEST_CONTROL) {
            throw new IllegalArgumentException(
                    "a Ping or Pong of " + size + " bytes; it has room for " + Frame.LONGEST_CONTROL);
        }
        payload(Frame.FIN | opcode, bytes, size, out);
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
        ByteBufUtil.reserveAndWriteUtf8(buffer, reason, size - Short.BYTES);
        mask(buffer, start);
    }

    // ---- compression

    private boolean compresses(int size) {
        return deflate && size > 0 && size >= deflateFrom;
    }

    /** False, and nothing written, if compression does not make it smaller. */
    private boolean deflated(int opcode, ByteBuffer bytes, Outgoing out) {
        int before = bytes.remaining();
        int size = deflate(bytes) - TAIL;
        boolean smaller = size < before;
        if (smaller) {
            payload(Frame.FIN | Frame.RSV1 | opcode, scratch.product(0), size, out);
        }
        scratch.forgetProduct();
        return smaller;
    }

    /** Compresses into the scratch; returns the number of bytes. */
    private int deflate(ByteBuffer bytes) {
        Deflater deflater = scratch.deflater();
        try {
            deflater.setInput(bytes);
            int size = 0;
            byte[] product;
            do {
                product = scratch.product(size + Scratch.SIZE);
                size += deflater.deflate(product, size, product.length - size, Deflater.SYNC_FLUSH);
            } while (size == product.length);
            return size;
        } finally {
            deflater.reset(); // also drops the reference to the bytes
        }
    }

    // ---- frames

    private void text(int first, String text, int size, Outgoing out) {
        ByteBuf buffer = head(first, size, out, size);
        int start = buffer.writerIndex();
        ByteBufUtil.reserveAndWriteUtf8(buffer, text, size); // writeUtf8 would reserve the worst case
        mask(buffer, start);
    }

    private void payload(int first, byte[] bytes, int size, Outgoing out) {
        ByteBuf buffer = head(first, size, out, Math.min(size, PIECE));
        for (int at = 0; at < size; at += PIECE) {
            int count = Math.min(PIECE, size - at);
            if (at > 0) {
                buffer = out.buffer(count);
            }
            if (client) {
                System.arraycopy(bytes, at, scratch.bytes, 0, count);
                maskedInto(buffer, count);
            } else {
                buffer.writeBytes(bytes, at, count);
            }
        }
    }

    /** A server passes a large payload on. A client's is masked in a copy, since the buffer may be shared. */
    private void payload(int first, ByteBuf bytes, Outgoing out) {
        int size = bytes.readableBytes();
        int from = bytes.readerIndex();
        if (!client) {
            boolean passes = size >= WORTH_PASSING;
            ByteBuf buffer = head(first, size, out, passes ? 0 : size);
            if (passes) {
                out.pass(bytes.retainedSlice());
            } else {
                buffer.writeBytes(bytes, from, size);
            }
            return;
        }
        ByteBuf buffer = head(first, size, out, Math.min(size, PIECE));
        for (int at = 0; at < size; at += PIECE) {
            int count = Math.min(PIECE, size - at);
            if (at > 0) {
                buffer = out.buffer(count);
            }
            bytes.getBytes(from + at, scratch.bytes, 0, count);
            maskedInto(buffer, count);
        }
    }

    private int key; // of the current frame

    private void maskedInto(ByteBuf buffer, int count) {
        Mask.apply(key, scratch, count);
        buffer.writeBytes(scratch.bytes, 0, count);
    }

    /** Masks the bytes written from {@code from} on. */
    private void mask(ByteBuf buffer, int from) {
        if (client) {
            int end = buffer.writerIndex();
            for (int at = from; at < end; at += PIECE) {
                int count = Math.min(PIECE, end - at);
                buffer.getBytes(at, scratch.bytes, 0, count);
                Mask.apply(key, scratch, count);
                buffer.setBytes(at, scratch.bytes, 0, count);
            }
        }
    }

    /** Writes a head, and returns the buffer for what follows. */
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

    /** Encodes a long text as UTF-8. The JDK does all of these steps many characters at a time, if it is ASCII. */
    private static byte[] encoded(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        boolean ascii = bytes.length == text.length() && new String(bytes, StandardCharsets.ISO_8859_1).equals(text);
        if (!ascii) {
            Content.requirePaired(text); // which would have become a question mark
        }
        return bytes;
    }

    /** The number of bytes of a text in UTF-8; rejects unpaired surrogates. */
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
