package rill.codec.proxy;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads, checks and writes sequences of TLVs. */
final class Tlvs {
    private Tlvs() {}

    /**
     * Reads all TLVs, to the last byte.
     *
     * @throws IllegalArgumentException with the wording of a violation
     */
    static List<ProxyTlv> read(ByteBuffer bytes) {
        var all = new ArrayList<ProxyTlv>();
        while (bytes.hasRemaining()) {
            int left = bytes.remaining();
            int size = left < ProxyTlv.HEADER ? -1 : Short.toUnsignedInt(bytes.getShort(bytes.position() + 1));
            if (size < 0 || size > left - ProxyTlv.HEADER) {
                throw new IllegalArgumentException(
                        "expected a TLV that ends with what it is in, found one that is longer");
            }
            int type = Byte.toUnsignedInt(bytes.get());
            var value = new byte[size];
            bytes.getShort();
            bytes.get(value);
            all.add(ProxyTlv.of(type, value));
        }
        String wrong = wrongIn(all);
        if (wrong != null) {
            throw new IllegalArgumentException(wrong);
        }
        return all;
    }

    /** Says what is wrong with one of them; null if nothing is. */
    static @Nullable String wrongIn(List<ProxyTlv> all) {
        var seen = new BitSet();
        for (ProxyTlv each : all) {
            TlvType type = TlvType.of(each.type());
            String wrong = type == null ? null : type.wrong(each.bytes());
            if (wrong == null && type != null && type != TlvType.NOOP && seen.get(type.code)) {
                wrong = "expected " + type + " once, found it twice";
            }
            if (wrong != null) {
                return wrong;
            }
            seen.set(each.type());
        }
        return null;
    }

    static int size(List<ProxyTlv> all) {
        return all.stream().mapToInt(ProxyTlv::size).sum();
    }

    static void write(List<ProxyTlv> all, ByteBuffer to) {
        for (ProxyTlv each : all) {
            to.put((byte) each.type()).putShort((short) each.bytes().length).put(each.bytes());
        }
    }

    /** The first of this type, or null. */
    static @Nullable ProxyTlv find(List<ProxyTlv> all, int type) {
        for (ProxyTlv each : all) {
            if (each.type() == type) {
                return each;
            }
        }
        return null;
    }

    static @Nullable String text(List<ProxyTlv> all, TlvType type) {
        ProxyTlv found = find(all, type.code);
        return found == null ? null : found.text();
    }
}
