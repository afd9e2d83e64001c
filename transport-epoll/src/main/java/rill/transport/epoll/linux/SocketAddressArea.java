package rill.transport.epoll.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteOrder;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import rill.spi.AbstractSocketAddress;

/**
 * Converts addresses to and from the kernel's format.
 *
 * <pre>
 *  sockaddr_in    family 2 | port 2 | address 4 | zero 8
 *  sockaddr_in6   family 2 | port 2 | flow 4 | address 16 | scope 4
 *  sockaddr_un    family 2 | path up to 108, or a zero and an abstract name
 * </pre>
 *
 * <p><b>Source:</b> ip(7), ipv6(7), unix(7). <b>Threading:</b> the selector's driver.
 */
public final class SocketAddressArea {
    public static final int AF_UNIX = 1;
    public static final int AF_INET = 2;
    public static final int AF_INET6 = 10;

    /** The most bytes of a path: {@code sun_path} has 108, one of them for the terminating zero. */
    public static final int LONGEST_NAME = 107;

    /** Returned by {@link #inet4()} if the address is not IPv4. */
    public static final long NOT_INET4 = -1;

    private static final int SIZE = 128; // sockaddr_storage
    private static final int NAME = 2;
    private static final int PORT = 2;
    private static final int ADDRESS4 = 4;
    private static final int SIZE4 = 16;
    private static final int ADDRESS6 = 8;
    private static final int SCOPE6 = 24;
    private static final int SIZE6 = 28;
    private static final int MAPPED = 12; // the bytes before the IPv4 address in ::ffff:1.2.3.4
    private static final int MAPPED_MARK = 0xffff; // the last four of them

    private static final ValueLayout.OfShort PORT_ORDER = JAVA_SHORT.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfInt ADDRESS_ORDER = JAVA_INT.withOrder(ByteOrder.BIG_ENDIAN);
    private static final Charset FILE_NAMES =
            Charset.forName(System.getProperty("sun.jnu.encoding", StandardCharsets.UTF_8.name()));

    private final MemorySegment area;
    private final MemorySegment size;

    public SocketAddressArea(Arena arena) {
        area = arena.allocate(SIZE, Long.BYTES);
        size = arena.allocate(JAVA_INT);
    }

    public long at() {
        return area.address();
    }

    /** Copies an address of this many bytes to another place. */
    public void copyTo(MemorySegment target, long offset, int bytes) {
        MemorySegment.copy(area, 0, target, offset, bytes);
    }

    /** Returns the address of the size field, which holds the available room; the call replaces that with the size used. */
    public long room() {
        size.set(JAVA_INT, 0, SIZE);
        return size.address();
    }

    /** Returns whether addresses of this kind are supported. */
    public static boolean knows(SocketAddress address) {
        return address instanceof InetSocketAddress
                || address instanceof UnixDomainSocketAddress
                || address instanceof AbstractSocketAddress;
    }

    /** Returns the family of a socket for this address, which must be supported and resolved. */
    public static int familyOf(SocketAddress address) {
        if (!(address instanceof InetSocketAddress inet)) {
            return AF_UNIX;
        }
        return inet.getAddress() instanceof Inet4Address ? AF_INET : AF_INET6;
    }

    // ---- to the kernel

    /**
     * Writes an address for a socket of this family, and returns its size.
     *
     * @throws SocketException if a path or name is too long, or the address is of another family; a wildcard suits either IP family
     */
    public int put(SocketAddress address, int family) throws SocketException {
        requireSuits(address, family);
        area.fill((byte) 0);
        area.set(JAVA_SHORT, 0, (short) family);
        return switch (address) {
            case InetSocketAddress inet -> putInet(inet, family);
            case UnixDomainSocketAddress path -> putPath(path);
            case AbstractSocketAddress name -> putName(name);
            default -> throw new IllegalArgumentException(String.valueOf(address));
        };
    }

    private static void requireSuits(SocketAddress address, int family) throws SocketException {
        int its = familyOf(address);
        boolean wildcard =
                address instanceof InetSocketAddress inet && inet.getAddress().isAnyLocalAddress();
        boolean suits = family == AF_INET6 ? its != AF_UNIX : its == family || (wildcard && family == AF_INET);
        if (!suits) {
            throw new SocketException("an address of another family than the socket's");
        }
    }

    private int putInet(InetSocketAddress inet, int family) {
        area.set(PORT_ORDER, PORT, (short) inet.getPort());
        InetAddress host = inet.getAddress();
        byte[] bytes = host.getAddress();
        if (family == AF_INET) {
            if (bytes.length == 4) {
                putBytes(bytes, ADDRESS4);
            } // else it is the wildcard of IPv6
            return SIZE4;
        }
        if (bytes.length == 4 && !host.isAnyLocalAddress()) {
            area.set(JAVA_SHORT, ADDRESS6 + MAPPED - 2L, (short) -1);
            putBytes(bytes, ADDRESS6 + MAPPED);
        } else if (bytes.length != 4) {
            putBytes(bytes, ADDRESS6);
        }
        if (host instanceof Inet6Address six) {
            area.set(JAVA_INT, SCOPE6, six.getScopeId());
        }
        return SIZE6;
    }

    private int putPath(UnixDomainSocketAddress path) throws SocketException {
        byte[] bytes = path.getPath().toString().getBytes(FILE_NAMES);
        if (bytes.length == 0) {
            throw new SocketException("the address has no path");
        }
        requireFits("path", bytes);
        putBytes(bytes, NAME);
        return NAME + bytes.length + 1; // with the zero
    }

    private int putName(AbstractSocketAddress name) throws SocketException {
        byte[] bytes = name.name().getBytes(StandardCharsets.UTF_8);
        requireFits("name", bytes);
        putBytes(bytes, NAME + 1L);
        return NAME + 1 + bytes.length;
    }

    private static void requireFits(String what, byte[] bytes) throws SocketException {
        if (bytes.length > LONGEST_NAME) {
            throw new SocketException("the " + what + " has " + bytes.length
                    + " bytes, but the address of a Unix domain socket holds " + LONGEST_NAME + " at most");
        }
    }

    private void putBytes(byte[] bytes, long offset) {
        MemorySegment.copy(bytes, 0, area, JAVA_BYTE, offset, bytes.length);
    }

    // ---- from the kernel

    /** Returns the address that a call has written. */
    public SocketAddress get() throws IOException {
        int used = size.get(JAVA_INT, 0);
        int family = used < NAME ? AF_UNIX : area.get(JAVA_SHORT, 0);
        return switch (family) {
            case AF_INET -> inet(bytes(ADDRESS4, 4), 0);
            case AF_INET6 -> inet(bytes(ADDRESS6, 16), area.get(JAVA_INT, SCOPE6));
            case AF_UNIX -> unix(Math.min(used, SIZE));
            default -> throw new SocketException("an address of the unknown family " + family);
        };
    }

    /**
     * Returns the address that a call has written as {@code address << 16 | port}, if it is IPv4 (also if mapped, as on an IPv6 socket); else
     * {@link #NOT_INET4}. The objects of an address take 96 bytes, and few addresses are ever asked for.
     */
    public long inet4() {
        int used = size.get(JAVA_INT, 0);
        int family = used < NAME ? AF_UNIX : area.get(JAVA_SHORT, 0);
        if (family == AF_INET) {
            return inet4(ADDRESS4);
        }
        boolean mapped = family == AF_INET6
                && area.get(JAVA_LONG, ADDRESS6) == 0
                && area.get(ADDRESS_ORDER, ADDRESS6 + MAPPED - Integer.BYTES) == MAPPED_MARK;
        return mapped ? inet4(ADDRESS6 + MAPPED) : NOT_INET4;
    }

    private long inet4(int offset) {
        long address = area.get(ADDRESS_ORDER, offset) & 0xffff_ffffL;
        return address << Short.SIZE | (area.get(PORT_ORDER, PORT) & 0xffff);
    }

    /** Converts a result of {@link #inet4()} to an address. */
    public static InetSocketAddress inet4(long found) {
        long host = found >>> Short.SIZE;
        byte[] address = {(byte) (host >> 24), (byte) (host >> 16), (byte) (host >> 8), (byte) host};
        try {
            return new InetSocketAddress(InetAddress.getByAddress(address), (int) found & 0xffff);
        } catch (UnknownHostException e) {
            throw new AssertionError("four bytes are an address", e);
        }
    }

    private InetSocketAddress inet(byte[] address, int scope) throws UnknownHostException {
        int port = area.get(PORT_ORDER, PORT) & 0xffff;
        InetAddress host =
                scope == 0 ? InetAddress.getByAddress(address) : Inet6Address.getByAddress(null, address, scope);
        return new InetSocketAddress(host, port);
    }

    private SocketAddress unix(int used) {
        if (used <= NAME) {
            return Unnamed.ADDRESS; // unbound; the JDK calls that unnamed
        }
        if (area.get(JAVA_BYTE, NAME) == 0) {
            return AbstractSocketAddress.ofPeer(new String(bytes(NAME + 1, used - NAME - 1), StandardCharsets.UTF_8));
        }
        int length = 0;
        while (NAME + length < used && area.get(JAVA_BYTE, NAME + length) != 0) {
            length++;
        }
        try {
            return UnixDomainSocketAddress.of(new String(bytes(NAME, length), FILE_NAMES));
        } catch (InvalidPathException e) {
            return Unnamed.ADDRESS; // the peer or another process chose a name that this locale has no characters for
        }
    }

    /** Created when first needed. */
    private static final class Unnamed {
        static final UnixDomainSocketAddress ADDRESS = UnixDomainSocketAddress.of("");
    }

    private byte[] bytes(long offset, int count) {
        return area.asSlice(offset, count).toArray(JAVA_BYTE);
    }
}
