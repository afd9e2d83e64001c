package rill.codec.proxy;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A detail that a proxy sends in addition to the addresses: a type and a value. Immutable. {@link ProxyInfo} has methods for the usual ones.
 *
 * <p><b>Source:</b> the PROXY protocol, 2.2.
 */
public final class ProxyTlv {
    static final int HEADER = 3;
    private static final int LARGEST = 0xFFFF;

    private final int type;
    private final byte[] value;

    private ProxyTlv(int type, byte[] value) {
        this.type = type;
        this.value = value;
    }

    /**
     * A TLV of this type. 0xE0 to 0xEF are for applications.
     *
     * @param type 0 to 255
     * @param value up to 65,535 bytes, which are copied
     */
    public static ProxyTlv of(int type, byte[] value) {
        if (type < 0 || type > 0xFF || value.length > LARGEST) {
            throw new IllegalArgumentException("a type is 0 to 255, and a value has up to " + LARGEST + " bytes, not "
                    + type + " with " + value.length);
        }
        return new ProxyTlv(type, value.clone());
    }

    static ProxyTlv of(int type, String text) {
        return of(type, text.getBytes(StandardCharsets.UTF_8));
    }

    /** The type, 0 to 255. */
    public int type() {
        return type;
    }

    /** A copy of the value. */
    public byte[] value() {
        return value.clone();
    }

    /** The value itself, not a copy. */
    byte[] bytes() {
        return value;
    }

    /** The value as UTF-8, which was checked before. */
    String text() {
        return new String(value, StandardCharsets.UTF_8);
    }

    int size() {
        return HEADER + value.length;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ProxyTlv tlv && tlv.type == type && Arrays.equals(tlv.value, value);
    }

    @Override
    public int hashCode() {
        return 31 * type + Arrays.hashCode(value);
    }

    @Override
    public String toString() {
        return String.format("0x%02X (%d bytes)", type, value.length);
    }
}
