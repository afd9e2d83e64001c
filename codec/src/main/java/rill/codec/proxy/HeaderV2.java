package rill.codec.proxy;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import rill.ProtocolException;
import rill.codec.proxy.ProxyInfo.Kind;

/**
 * The binary header that begins a connection in version 2 of the PROXY protocol.
 *
 * <pre>
 *  0          12                  13             14        16
 *  signature │ version, command │ family, kind │ length n │ source, destination │ TLVs │
 *                                                         └──────────── n ─────────────┘
 * </pre>
 *
 * <p>If the command is LOCAL or the family is unspecified, what follows the length is ignored.
 */
final class HeaderV2 {
    static final byte[] SIGNATURE = {'\r', '\n', '\r', '\n', 0, '\r', '\n', 'Q', 'U', 'I', 'T', '\n'};

    /** The size up to and including the length. */
    static final int FIXED = 16;

    static final int LARGEST = FIXED + 0xFFFF;

    /** With the longest addresses and a checksum, there is still room for this many bytes. */
    static final int LARGEST_TLVS = 0xFFFF - 2 * ProxyInfo.LONGEST_PATH - 7;

    private static final int COMMAND_AT = 12;
    private static final int FAMILY_AT = 13;
    private static final int LENGTH_AT = 14;
    private static final int LOCAL = 0x20;
    private static final int PROXY = 0x21;
    private static final int UNSPECIFIED = 0;
    private static final int V4 = 1;
    private static final int V6 = 2;
    private static final int UNIX = 3;
    private static final int STREAM = 1;
    private static final int DATAGRAM = 2;
    private static final int PORTS = 4;
    private static final int CHECKSUM = 4;

    /** Both are set, or neither. */
    private record Addresses(
            @Nullable SocketAddress source, @Nullable SocketAddress destination) {}

    private HeaderV2() {}

    // ---- reading

    /**
     * The size of the header, if it is known yet.
     *
     * @param known the first bytes that have arrived, at most {@link #FIXED}; the signature was checked before
     * @return 0 if the size is not known yet
     */
    static int size(byte[] known, int limit) throws ProtocolException {
        if (known.length > COMMAND_AT && known[COMMAND_AT] != LOCAL && known[COMMAND_AT] != PROXY) {
            throw new ProtocolException(
                    COMMAND_AT,
                    "expected version 2 of the PROXY protocol and a command of 0 or 1, found "
                            + Wording.show(known[COMMAND_AT]));
        }
        if (known.length > FAMILY_AT && known[COMMAND_AT] == PROXY && addressBytes(known[FAMILY_AT]) < 0) {
            throw new ProtocolException(
                    FAMILY_AT,
                    "expected a known kind of addresses in a PROXY header, found " + Wording.show(known[FAMILY_AT]));
        }
        if (known.length < FIXED) {
            return 0;
        }
        int length = Short.toUnsignedInt(ByteBuffer.wrap(known).getShort(LENGTH_AT));
        int least = known[COMMAND_AT] == LOCAL ? 0 : addressBytes(known[FAMILY_AT]);
        if (length < least || FIXED + length > limit) {
            throw new ProtocolException(
                    LENGTH_AT,
                    "expected a PROXY header of " + (FIXED + least) + " to " + limit + " bytes, found one of "
                            + (FIXED + length));
        }
        return FIXED + length;
    }

    /** The size of both addresses; -1 if there is no such family and kind. */
    private static int addressBytes(byte family) {
        int kind = family & 0xF;
        if (family == UNSPECIFIED) {
            return 0;
        }
        if (kind != STREAM && kind != DATAGRAM) {
            return -1;
        }
        return switch (family >> 4) {
            case V4 -> 2 * Literals.V4_BYTES + PORTS;
            case V6 -> 2 * Literals.V6_BYTES + PORTS;
            case UNIX -> 2 * ProxyInfo.LONGEST_PATH;
            default -> -1;
        };
    }

    /**
     * @param header the whole header, whose beginning {@link #size} has checked
     */
    static ProxyInfo parse(byte[] header) throws ProtocolException {
        byte family = header[FAMILY_AT];
        if (header[COMMAND_AT] == LOCAL) {
            return ProxyInfo.v2Local();
        }
        if (family == UNSPECIFIED) {
            return ProxyInfo.v2Unknown();
        }
        int afterAddresses = FIXED + addressBytes(family);
        ByteBuffer bytes = ByteBuffer.wrap(header).position(FIXED);
        Addresses addresses = family >> 4 == UNIX
                ? paths(bytes)
                : inet(bytes, family >> 4 == V4 ? Literals.V4_BYTES : Literals.V6_BYTES);
        Kind kind = (family & 0xF) == STREAM ? Kind.STREAM : Kind.DATAGRAM;
        try {
            List<ProxyTlv> all = Tlvs.read(bytes);
            boolean checksum = verify(header, afterAddresses, all);
            var told = new ArrayList<>(all);
            told.removeIf(each -> each.type() == TlvType.CRC32C.code || each.type() == TlvType.NOOP.code);
            return new ProxyInfo(2, kind, addresses.source, addresses.destination, told, checksum);
        } catch (IllegalArgumentException e) {
            throw new ProtocolException(afterAddresses, e.getMessage() + " in a PROXY header");
        }
    }

    private static Addresses inet(ByteBuffer bytes, int size) {
        InetAddress source = inetAddress(bytes, size);
        InetAddress destination = inetAddress(bytes, size);
        int from = Short.toUnsignedInt(bytes.getShort());
        int to = Short.toUnsignedInt(bytes.getShort());
        return new Addresses(new InetSocketAddress(source, from), new InetSocketAddress(destination, to));
    }

    private static InetAddress inetAddress(ByteBuffer bytes, int size) {
        var address = new byte[size];
        bytes.get(address);
        return Literals.address(address);
    }

    /** If either can't be expressed, neither is returned. */
    private static Addresses paths(ByteBuffer bytes) {
        SocketAddress source = path(bytes);
        SocketAddress destination = path(bytes);
        return source == null || destination == null ? new Addresses(null, null) : new Addresses(source, destination);
    }

    /** Returns null for an abstract name, and for a path that is not valid here. */
    private static @Nullable SocketAddress path(ByteBuffer bytes) {
        ByteBuffer path = bytes.slice(bytes.position(), ProxyInfo.LONGEST_PATH);
        bytes.position(bytes.position() + ProxyInfo.LONGEST_PATH);
        int size = 0;
        while (size < path.capacity() && path.get(size) != 0) {
            size++;
        }
        for (int i = size; i < path.capacity(); i++) {
            if (path.get(i) != 0) {
                return null;
            }
        }
        try {
            return UnixDomainSocketAddress.of(
                    StandardCharsets.UTF_8.newDecoder().decode(path.limit(size)).toString());
        } catch (CharacterCodingException | IllegalArgumentException e) {
            return null;
        }
    }

    /** Whether there is a checksum, which then has to be correct. */
    private static boolean verify(byte[] header, int firstTlv, List<ProxyTlv> all) {
        int at = firstTlv;
        for (ProxyTlv each : all) {
            if (each.type() == TlvType.CRC32C.code) {
                int value = at + ProxyTlv.HEADER;
                int told = ByteBuffer.wrap(header).getInt(value);
                int right = checksum(header, value);
                if (told != right) {
                    throw new IllegalArgumentException(
                            String.format("expected the checksum 0x%08X, found 0x%08X", right, told));
                }
                return true;
            }
            at += each.size();
        }
        return false;
    }

    /** Computed as if the checksum's own bytes were zero. */
    private static int checksum(byte[] header, int at) {
        var crc = new CRC32C();
        crc.update(header, 0, at);
        crc.update(new byte[CHECKSUM]);
        crc.update(header, at + CHECKSUM, header.length - at - CHECKSUM);
        return (int) crc.getValue();
    }

    // ---- writing

    static byte[] write(ProxyInfo info) {
        SocketAddress source = info.source();
        SocketAddress destination = info.destination();
        int family = source == null || destination == null ? UNSPECIFIED : family(source, destination);
        int addresses = family == UNSPECIFIED ? 0 : addressBytes((byte) ((family << 4) | STREAM));
        int rest = addresses + (info.checksum() ? ProxyTlv.HEADER + CHECKSUM : 0) + Tlvs.size(info.tlvs());
        ByteBuffer to = ByteBuffer.allocate(FIXED + rest);
        to.put(SIGNATURE);
        to.put((byte) (info.kind() == Kind.LOCAL ? LOCAL : PROXY));
        to.put((byte) (family == UNSPECIFIED ? UNSPECIFIED : (family << 4) | (info.datagram() ? DATAGRAM : STREAM)));
        to.putShort((short) rest);
        if (family == UNIX) {
            put(Objects.requireNonNull(source), to);
            put(Objects.requireNonNull(destination), to);
        } else if (family != UNSPECIFIED) {
            putInet(
                    (InetSocketAddress) Objects.requireNonNull(source),
                    (InetSocketAddress) Objects.requireNonNull(destination),
                    family == V4,
                    to);
        }
        if (info.checksum()) {
            to.put((byte) TlvType.CRC32C.code).putShort((short) CHECKSUM).putInt(0);
        }
        Tlvs.write(info.tlvs(), to);
        if (info.checksum()) {
            int at = FIXED + addresses + ProxyTlv.HEADER;
            to.putInt(at, checksum(to.array(), at));
        }
        return to.array();
    }

    private static int family(SocketAddress source, SocketAddress destination) {
        if (source instanceof UnixDomainSocketAddress) {
            return UNIX;
        }
        return isV4(source) && isV4(destination) ? V4 : V6;
    }

    private static boolean isV4(SocketAddress address) {
        return address instanceof InetSocketAddress inet && inet.getAddress() instanceof Inet4Address;
    }

    private static void put(SocketAddress path, ByteBuffer to) {
        byte[] bytes = path.toString().getBytes(StandardCharsets.UTF_8);
        to.put(bytes).put(new byte[ProxyInfo.LONGEST_PATH - bytes.length]);
    }

    private static void putInet(InetSocketAddress source, InetSocketAddress destination, boolean v4, ByteBuffer to) {
        byte[] from = source.getAddress().getAddress();
        byte[] at = destination.getAddress().getAddress();
        to.put(v4 ? from : Literals.asV6(from)).put(v4 ? at : Literals.asV6(at));
        to.putShort((short) source.getPort()).putShort((short) destination.getPort());
    }
}
