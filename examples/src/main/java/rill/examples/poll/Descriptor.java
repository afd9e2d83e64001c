package rill.examples.poll;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.nio.ByteOrder;
import java.util.Map;
import rill.spi.readiness.SocketFailures;

/** A socket's file descriptor, and the operations that all sockets share. */
record Descriptor(int fd) {
    private static final int AF_INET = 2;
    private static final int SOCK_STREAM = 1;
    private static final int SOL_SOCKET = 1;
    private static final int IPPROTO_TCP = 6;
    private static final int SO_ERROR = 4;
    private static final int SO_LINGER = 13;
    private static final int ADDRESS_SIZE = 16; // of a sockaddr_in: family 2, port 2, address 4, and padding
    private static final ValueLayout.OfShort PORT = JAVA_SHORT.withOrder(ByteOrder.BIG_ENDIAN);

    /** Options whose values are integers to the system, with their level and number. */
    private static final Map<SocketOption<?>, int[]> OPTIONS = Map.of(
            StandardSocketOptions.SO_REUSEADDR, new int[] {SOL_SOCKET, 2},
            StandardSocketOptions.SO_SNDBUF, new int[] {SOL_SOCKET, 7},
            StandardSocketOptions.SO_RCVBUF, new int[] {SOL_SOCKET, 8},
            StandardSocketOptions.SO_KEEPALIVE, new int[] {SOL_SOCKET, 9},
            StandardSocketOptions.TCP_NODELAY, new int[] {IPPROTO_TCP, 1});

    static Descriptor ofNewSocket() throws IOException {
        return new Descriptor(LibC.check(LibC.SOCKET, AF_INET, SOCK_STREAM | LibC.NON_BLOCKING, 0));
    }

    void close() {
        LibC.call(LibC.CLOSE, fd);
    }

    /** Makes the next close a reset. */
    void resetOnClose() {
        try (var arena = Arena.ofConfined()) {
            MemorySegment atOnce = arena.allocateFrom(JAVA_INT, 1, 0);
            LibC.call(LibC.SETSOCKOPT, fd, SOL_SOCKET, SO_LINGER, atOnce, (int) atOnce.byteSize());
        }
    }

    // ---- addresses

    static boolean knows(SocketAddress address) {
        return address instanceof InetSocketAddress inet && inet.getAddress() instanceof Inet4Address;
    }

    /** Calls a function that takes a descriptor and an address. */
    int with(MethodHandle function, SocketAddress address) {
        var inet = (InetSocketAddress) address;
        try (var arena = Arena.ofConfined()) {
            MemorySegment area = arena.allocate(ADDRESS_SIZE);
            area.set(JAVA_SHORT, 0, (short) AF_INET);
            area.set(PORT, 2, (short) inet.getPort());
            MemorySegment.copy(inet.getAddress().getAddress(), 0, area, JAVA_BYTE, 4, 4);
            return LibC.call(function, fd, area, ADDRESS_SIZE);
        }
    }

    SocketAddress localAddress() throws IOException {
        try (var arena = Arena.ofConfined()) {
            MemorySegment area = arena.allocate(ADDRESS_SIZE);
            LibC.check(LibC.GETSOCKNAME, fd, area, arena.allocateFrom(JAVA_INT, ADDRESS_SIZE));
            return addressIn(area);
        }
    }

    private static SocketAddress addressIn(MemorySegment area) throws IOException {
        byte[] address = area.asSlice(4, 4).toArray(JAVA_BYTE);
        return new InetSocketAddress(InetAddress.getByAddress(address), Short.toUnsignedInt(area.get(PORT, 2)));
    }

    /** Accepts a connection: returns its descriptor and its peer's address, or an error number below zero. */
    Accepted accept() throws IOException {
        try (var arena = Arena.ofConfined()) {
            MemorySegment area = arena.allocate(ADDRESS_SIZE);
            int accepted =
                    LibC.call(LibC.ACCEPT, fd, area, arena.allocateFrom(JAVA_INT, ADDRESS_SIZE), LibC.NON_BLOCKING);
            return new Accepted(accepted, addressIn(area));
        }
    }

    /** The result of accepting. */
    record Accepted(int fd, SocketAddress remote) {}

    // ---- options

    <T> void set(SocketOption<T> option, T value) throws IOException {
        int number = value instanceof Boolean on ? (on ? 1 : 0) : value instanceof Integer i ? i : 0;
        int[] known = known(option);
        try (var arena = Arena.ofConfined()) {
            LibC.check(LibC.SETSOCKOPT, fd, known[0], known[1], arena.allocateFrom(JAVA_INT, number), Integer.BYTES);
        }
    }

    <T> T get(SocketOption<T> option) throws IOException {
        int[] known = known(option);
        int number = get(known[0], known[1]);
        return option.type().cast(option.type() == Boolean.class ? (Object) (number != 0) : (Object) number);
    }

    /** Returns the socket's error since the last call; 0 for none. */
    int error() throws IOException {
        return get(SOL_SOCKET, SO_ERROR);
    }

    private int get(int level, int option) throws IOException {
        try (var arena = Arena.ofConfined()) {
            MemorySegment value = arena.allocate(JAVA_INT);
            LibC.check(LibC.GETSOCKOPT, fd, level, option, value, arena.allocateFrom(JAVA_INT, Integer.BYTES));
            return value.get(JAVA_INT, 0);
        }
    }

    private static int[] known(SocketOption<?> option) {
        int[] known = OPTIONS.get(option);
        if (known == null) {
            throw SocketFailures.noOption(PollTransport.NAME, option);
        }
        return known;
    }
}
