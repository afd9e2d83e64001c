package rill.codec.proxy;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Ranges of IP addresses that share their first bits, written as {@code 10.0.0.0/8} or {@code 2001:db8::/32}: the peers that
 * {@link ProxyProtocol#server} trusts. Immutable. An IPv4 address in IPv6 form ({@code ::ffff:10.0.0.1}) counts as the IPv4 address. No other kind of
 * address is in any range.
 */
public final class AddressRanges implements Predicate<SocketAddress> {
    private static final int MAPPED_BITS = 96; // in front of an IPv4 address that is written as IPv6

    /** A single range: a number of leading bits of an address. */
    private static final class Range {
        private final byte[] prefix;
        private final int bits;

        Range(byte[] prefix, int bits) {
            this.prefix = prefix;
            this.bits = bits;
        }

        boolean contains(byte[] address) {
            if (address.length != prefix.length) {
                return false;
            }
            int whole = bits / Byte.SIZE;
            int rest = bits % Byte.SIZE;
            boolean wholeBytes = Arrays.equals(address, 0, whole, prefix, 0, whole);
            return wholeBytes && (rest == 0 || (address[whole] ^ prefix[whole]) >> (Byte.SIZE - rest) == 0);
        }
    }

    private final List<Range> ranges;
    private final String text;

    private AddressRanges(List<Range> ranges, String text) {
        this.ranges = ranges;
        this.text = text;
    }

    /**
     * These ranges. An address without a length is a range of one address.
     *
     * @throws IllegalArgumentException if there is none, if one is not of this form, or if it has bits set beyond its length, which suggests a
     *     mistake
     */
    public static AddressRanges of(String... ranges) {
        if (ranges.length == 0) {
            throw new IllegalArgumentException("no range of addresses: nobody would be trusted");
        }
        return new AddressRanges(Arrays.stream(ranges).map(AddressRanges::range).toList(), String.join(", ", ranges));
    }

    private static Range range(String text) {
        int slash = text.indexOf('/');
        String literal = slash < 0 ? text : text.substring(0, slash);
        InetAddress address = Literals.parse(literal);
        if (address == null) {
            throw new IllegalArgumentException(
                    "expected a range such as 10.0.0.0/8 or 2001:db8::/32, found \"" + text + "\"");
        }
        byte[] bytes = address.getAddress();
        int written = (literal.indexOf(':') < 0 ? Literals.V4_BYTES : Literals.V6_BYTES) * Byte.SIZE;
        int bits = slash < 0 ? written : Literals.number(text.substring(slash + 1), written);
        if (written > bytes.length * Byte.SIZE) {
            bits -= MAPPED_BITS;
        }
        if (bits < 0) {
            throw new IllegalArgumentException("expected a length of " + (written - bytes.length * Byte.SIZE) + " to "
                    + written + " bits in \"" + text + "\"");
        }
        requireNothingBeyond(bytes, bits, text);
        return new Range(bytes, bits);
    }

    private static void requireNothingBeyond(byte[] bytes, int bits, String text) {
        for (int i = bits; i < bytes.length * Byte.SIZE; i++) {
            if ((bytes[i / Byte.SIZE] & (0x80 >> (i % Byte.SIZE))) != 0) {
                throw new IllegalArgumentException("the address in \"" + text + "\" has bits beyond the first " + bits);
            }
        }
    }

    /** Whether the peer has an IP address that is in one of the ranges. */
    @Override
    public boolean test(@Nullable SocketAddress peer) {
        if (!(peer instanceof InetSocketAddress inet) || inet.isUnresolved()) {
            return false;
        }
        byte[] address = inet.getAddress().getAddress();
        for (Range each : ranges) {
            if (each.contains(address)) {
                return true;
            }
        }
        return false;
    }

    /** The ranges as they were passed. */
    @Override
    public String toString() {
        return text;
    }
}
