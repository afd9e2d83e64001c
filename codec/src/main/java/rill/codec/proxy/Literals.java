package rill.codec.proxy;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * IP addresses as text, only in forms that every reader understands alike. Names are never looked up, and nothing is guessed.
 *
 * <p><b>Source:</b> RFC 4291 2.2: the forms with and without {@code ::}, and with an IPv4 address at the end; RFC 3986 3.2.2 for IPv4: four decimal
 * numbers without leading zeros.
 */
final class Literals {
    static final int V4_BYTES = 4;
    static final int V6_BYTES = 16;

    private static final int MAPPED_ZEROES = 10; // then two bytes of ones, before an IPv4 address in IPv6 form
    private static final int LONGEST = 45;
    private static final int GROUP_DIGITS = 4;

    private Literals() {}

    /** The address, or null if the text is not one. */
    static @Nullable InetAddress parse(String text) {
        byte[] bytes = text.indexOf(':') < 0 ? v4(text) : v6(text);
        return bytes == null ? null : address(bytes);
    }

    /** An IPv4 address in IPv6 form (16 bytes) becomes an IPv4 address, as everywhere in the JDK. */
    static InetAddress address(byte[] bytes) {
        try {
            return InetAddress.getByAddress(bytes);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException(bytes.length + " bytes", e);
        }
    }

    /** The address in 16 bytes. */
    static byte[] asV6(byte[] address) {
        if (address.length == V6_BYTES) {
            return address;
        }
        var mapped = new byte[V6_BYTES];
        mapped[MAPPED_ZEROES] = mapped[MAPPED_ZEROES + 1] = (byte) 0xFF;
        System.arraycopy(address, 0, mapped, MAPPED_ZEROES + 2, V4_BYTES);
        return mapped;
    }

    /** Four numbers of 0 to 255 with dots between them; null for any other text. */
    static byte @Nullable [] v4(String text) {
        var bytes = new byte[V4_BYTES];
        int from = 0;
        for (int i = 0; i < V4_BYTES; i++) {
            int dot = i == V4_BYTES - 1 ? text.length() : text.indexOf('.', from);
            int number = dot < 0 ? -1 : number(text.substring(from, dot), 0xFF);
            if (number < 0) {
                return null;
            }
            bytes[i] = (byte) number;
            from = dot + 1;
        }
        return bytes;
    }

    /** A decimal number without leading zeros; -1 for any other text, or a larger number. */
    static int number(String text, int largest) {
        int digits = text.length();
        if (digits == 0 || digits > 5 || (digits > 1 && text.charAt(0) == '0')) {
            return -1;
        }
        int number = 0;
        for (int i = 0; i < digits; i++) {
            int digit = text.charAt(i) - '0';
            if (digit < 0 || digit > 9) {
                return -1;
            }
            number = number * 10 + digit;
        }
        return number <= largest ? number : -1;
    }

    /** Eight groups of up to four digits, where {@code ::} may replace groups of zeros once; null for any other text. */
    static byte @Nullable [] v6(String text) {
        if (text.length() > LONGEST) {
            return null;
        }
        int gap = text.indexOf("::");
        if (gap < 0) {
            byte[] all = groups(text);
            return all != null && all.length == V6_BYTES ? all : null;
        }
        byte[] before = gap == 0 ? new byte[0] : groupsOnly(text.substring(0, gap));
        byte[] after = gap + 2 == text.length() ? new byte[0] : groups(text.substring(gap + 2));
        if (before == null || after == null || before.length + after.length > V6_BYTES - 2) {
            return null;
        }
        byte[] bytes = Arrays.copyOf(before, V6_BYTES);
        System.arraycopy(after, 0, bytes, V6_BYTES - after.length, after.length);
        return bytes;
    }

    private static byte @Nullable [] groupsOnly(String text) {
        return text.indexOf('.') < 0 ? groups(text) : null;
    }

    /** Groups separated by colons, of which the last may be an IPv4 address. */
    private static byte @Nullable [] groups(String text) {
        String[] parts = text.split(":", -1);
        var bytes = new byte[2 * parts.length + 2];
        int size = 0;
        for (int i = 0; i < parts.length; i++) {
            boolean last = i == parts.length - 1;
            byte[] part = last && parts[i].indexOf('.') >= 0 ? v4(parts[i]) : group(parts[i]);
            if (part == null) {
                return null;
            }
            System.arraycopy(part, 0, bytes, size, part.length);
            size += part.length;
        }
        return Arrays.copyOf(bytes, size);
    }

    private static byte @Nullable [] group(String text) {
        if (text.isEmpty() || text.length() > GROUP_DIGITS) {
            return null;
        }
        int value = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            int digit = c < 0x80 ? Character.digit(c, 16) : -1;
            if (digit < 0) {
                return null;
            }
            value = (value << 4) | digit;
        }
        return new byte[] {(byte) (value >> 8), (byte) value};
    }
}
