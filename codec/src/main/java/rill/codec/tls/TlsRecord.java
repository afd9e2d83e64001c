package rill.codec.tls;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * The record format of TLS: type (1 byte), version (2), length (2), and as many bytes as the length says. <b>Source:</b> RFC 8446, section 5.1;
 * RFC 5246, section 6.2.
 */
final class TlsRecord {
    static final int HEADER = 5;

    /** The most bytes that may follow the header: 16 KiB, and the overhead of encryption. */
    static final int LONGEST = 16 * 1024 + 2048;

    /** How many bytes to encrypt at a time: of 16,384, the JDK's engine makes two records, the second of 17 bytes. */
    static final int MOST_PLAIN = 16_367;

    static final int CHANGE_CIPHER_SPEC = 20;
    static final int HANDSHAKE = 22;
    static final int APPLICATION_DATA = 23;

    private static final int MAJOR_VERSION = 3;
    private static final int SHOWN = 20;

    private TlsRecord() {}

    static int type(ByteBuf in) {
        return in.getUnsignedByte(in.readerIndex());
    }

    /** The size of a record whose header has arrived, including the header. */
    static int size(ByteBuf in) {
        return HEADER + in.getUnsignedShort(in.readerIndex() + 3);
    }

    /** Says what is wrong with the first bytes of a peer if they can't be a TLS record; otherwise null. */
    static @Nullable String notTls(ByteBuf in) {
        int at = in.readerIndex();
        int readable = in.readableBytes();
        boolean plausible = type(in) >= CHANGE_CIPHER_SPEC && type(in) <= APPLICATION_DATA;
        if (plausible && (readable < 2 || in.getByte(at + 1) == MAJOR_VERSION)) {
            return null;
        }
        if (readable >= 3 && (in.getByte(at) & 0x80) != 0 && in.getByte(at + 2) == 1) {
            return "the peer greets in the way of SSL 2, which nobody should speak any more";
        }
        return "the peer does not speak TLS; it begins with " + shown(in);
    }

    private static String shown(ByteBuf in) {
        int length = Math.min(SHOWN, in.readableBytes());
        String text = in.toString(in.readerIndex(), length, StandardCharsets.ISO_8859_1);
        boolean readable = text.chars().allMatch(c -> (c >= ' ' && c < 0x7F) || c == '\r' || c == '\n' || c == '\t');
        if (!readable) {
            var bytes = new StringBuilder("the bytes");
            for (int i = 0; i < length; i++) {
                bytes.append(String.format(" %02x", in.getByte(in.readerIndex() + i)));
            }
            return bytes.toString();
        }
        String line = text.lines().findFirst().orElse("");
        return "\"" + line + "\", which is plain text: is this a port without TLS?";
    }

    /** A fatal alert in the clear, from a side that has no keys yet. */
    static byte[] fatalAlert(int description) {
        return new byte[] {21, MAJOR_VERSION, 3, 0, 2, 2, (byte) description};
    }
}
