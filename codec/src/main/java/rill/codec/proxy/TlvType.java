package rill.codec.proxy;

import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** The registered types of TLVs, and what their values are. Each appears at most once, except NOOP. */
enum TlvType {
    ALPN(0x01, Form.BYTES, 1, 255),
    AUTHORITY(0x02, Form.UTF_8, 1, 255),
    CRC32C(0x03, Form.BYTES, 4, 4),
    NOOP(0x04, Form.BYTES, 0, 0xFFFF),
    UNIQUE_ID(0x05, Form.BYTES, 0, 128),
    SSL(0x20, Form.BYTES, 5, 0xFFFF),
    SSL_VERSION(0x21, Form.ASCII, 1, 255),
    SSL_COMMON_NAME(0x22, Form.UTF_8, 0, 0xFFFF),
    SSL_CIPHER(0x23, Form.ASCII, 1, 255),
    SSL_SIGNATURE_ALGORITHM(0x24, Form.ASCII, 1, 255),
    SSL_KEY_ALGORITHM(0x25, Form.ASCII, 1, 255),
    SSL_GROUP(0x26, Form.ASCII, 1, 255),
    SSL_SIGNATURE_SCHEME(0x27, Form.ASCII, 1, 255),
    SSL_CLIENT_CERTIFICATE(0x28, Form.BYTES, 1, 0xFFFF),
    NETWORK_NAMESPACE(0x30, Form.ASCII, 1, 255);

    /** What a value is made of. */
    private enum Form {
        BYTES,
        ASCII,
        UTF_8
    }

    private static final int DELETE = 0x7F;
    private static final @Nullable TlvType[] BY_CODE = new TlvType[256];

    static {
        for (TlvType each : values()) {
            BY_CODE[each.code] = each;
        }
    }

    final int code;
    private final Form form;
    private final int shortest;
    private final int longest;

    TlvType(int code, Form form, int shortest, int longest) {
        this.code = code;
        this.form = form;
        this.shortest = shortest;
        this.longest = longest;
    }

    /** Returns null if the code is not registered. */
    static @Nullable TlvType of(int code) {
        return BY_CODE[code];
    }

    /** Says what is wrong with such a value; null if nothing is. */
    @Nullable
    String wrong(byte[] value) {
        if (value.length < shortest || value.length > longest) {
            return "expected " + this + " of " + shortest + " to " + longest + " bytes, found " + value.length;
        }
        boolean fits = switch (form) {
            case BYTES -> true;
            case ASCII -> isText(value, false);
            case UTF_8 ->
                isText(value, true) && ByteBufUtil.isText(Unpooled.wrappedBuffer(value), StandardCharsets.UTF_8);
        };
        return fits
                ? null
                : "expected " + this + " in " + (form == Form.ASCII ? "ASCII" : "UTF-8")
                        + " without control characters";
    }

    private static boolean isText(byte[] value, boolean beyondAscii) {
        for (byte b : value) {
            if ((b >= 0 && b < ' ') || b == DELETE || (b < 0 && !beyondAscii)) {
                return false;
            }
        }
        return true;
    }

    @Override
    public String toString() {
        return "TLV 0x" + Integer.toHexString(code).toUpperCase(java.util.Locale.ROOT) + " " + name();
    }
}
