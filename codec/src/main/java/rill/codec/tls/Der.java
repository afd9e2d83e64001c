package rill.codec.tls;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The part of the distinguished encoding rules that is needed to wrap older forms of private keys in PKCS #8, the form that the JDK reads.
 *
 * <p><b>Source:</b> X.690; RFC 5958, section 2; RFC 8017, appendix A.1; RFC 5915, section 3.
 */
final class Der {
    private static final int INTEGER = 0x02;
    private static final int OCTETS = 0x04;
    private static final int SEQUENCE = 0x30;
    private static final int PARAMETERS = 0xA0; // [0] of an ECPrivateKey

    private static final byte[] VERSION_0 = {INTEGER, 1, 0};

    /** rsaEncryption, with its parameters, which are null. */
    private static final byte[] RSA = {
        0x06, 9, 0x2A, (byte) 0x86, 0x48, (byte) 0x86, (byte) 0xF7, 0x0D, 1, 1, 1, 0x05, 0
    };

    /** id-ecPublicKey; the curve follows. */
    private static final byte[] EC = {0x06, 7, 0x2A, (byte) 0x86, 0x48, (byte) 0xCE, 0x3D, 2, 1};

    private Der() {}

    static byte[] pkcs8OfPkcs1(byte[] key) {
        return pkcs8(RSA, key);
    }

    /** Returns null if the key names no curve. */
    static byte @Nullable [] pkcs8OfSec1(byte[] key) {
        byte[] curve = curveOf(key);
        return curve == null ? null : pkcs8(join(EC, curve), key);
    }

    private static byte[] pkcs8(byte[] algorithm, byte[] key) {
        return element(SEQUENCE, join(VERSION_0, element(SEQUENCE, algorithm), element(OCTETS, key)));
    }

    /** SEQUENCE { INTEGER 1, OCTET STRING, [0] parameters, [1] public key }: the content of its [0]. */
    private static byte @Nullable [] curveOf(byte[] key) {
        int[] outer = content(key, 0);
        if (outer == null || key[0] != SEQUENCE) {
            return null;
        }
        int at = outer[0];
        while (at < outer[1]) {
            int[] part = content(key, at);
            if (part == null || part[1] > outer[1]) {
                return null;
            }
            if ((key[at] & 0xFF) == PARAMETERS) {
                return Arrays.copyOfRange(key, part[0], part[1]);
            }
            at = part[1];
        }
        return null;
    }

    /** The start and the end of the content of the element at this index; null if there is no valid element. */
    private static int @Nullable [] content(byte[] bytes, int at) {
        if (at + 2 > bytes.length) {
            return null;
        }
        int length = bytes[at + 1] & 0xFF;
        int from = at + 2;
        if (length > 0x7F) {
            int more = length - 0x80;
            if (more < 1 || more > 2 || from + more > bytes.length) {
                return null;
            }
            length = 0;
            for (int i = 0; i < more; i++) {
                length = (length << 8) | (bytes[from++] & 0xFF);
            }
        }
        return from + length > bytes.length ? null : new int[] {from, from + length};
    }

    private static byte[] element(int tag, byte[] content) {
        var element = new ByteArrayOutputStream();
        element.write(tag);
        int length = content.length;
        if (length > 0xFF) {
            element.write(0x82);
            element.write(length >> 8);
        } else if (length > 0x7F) {
            element.write(0x81);
        }
        element.write(length);
        element.writeBytes(content);
        return element.toByteArray();
    }

    private static byte[] join(byte[]... parts) {
        var all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }
}
