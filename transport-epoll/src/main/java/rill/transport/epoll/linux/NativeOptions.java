package rill.transport.epoll.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import jdk.net.ExtendedSocketOptions;
import org.jspecify.annotations.Nullable;
import rill.spi.readiness.SocketFailures;
import rill.transport.epoll.EpollOptions;
import rill.transport.epoll.PeerCredentials;

/**
 * Socket options in the kernel's format.
 *
 * <p><b>Source:</b> {@code uapi/asm-generic/socket.h}, which x86-64 and aarch64 share, and {@code uapi/linux/tcp.h}. <b>Threading:</b> the selector's
 * driver.
 */
public final class NativeOptions {
    private static final int SOL_SOCKET = 1;
    private static final int IPPROTO_IP = 0;
    private static final int IPPROTO_TCP = 6;
    private static final int IPPROTO_IPV6 = 41;
    private static final int SO_ERROR = 4;
    private static final int IPV6_V6ONLY = 26;
    private static final int IPV6_TCLASS = 67;

    private static final Map<SocketOption<?>, Native> KNOWN = Map.ofEntries(
            Map.entry(StandardSocketOptions.SO_REUSEADDR, new Native(SOL_SOCKET, 2, Form.FLAG)),
            Map.entry(StandardSocketOptions.SO_SNDBUF, new Native(SOL_SOCKET, 7, Form.NUMBER)),
            Map.entry(StandardSocketOptions.SO_RCVBUF, new Native(SOL_SOCKET, 8, Form.NUMBER)),
            Map.entry(StandardSocketOptions.SO_KEEPALIVE, new Native(SOL_SOCKET, 9, Form.FLAG)),
            Map.entry(StandardSocketOptions.SO_LINGER, new Native(SOL_SOCKET, 13, Form.LINGER)),
            Map.entry(StandardSocketOptions.SO_REUSEPORT, new Native(SOL_SOCKET, 15, Form.FLAG)),
            Map.entry(StandardSocketOptions.IP_TOS, new Native(IPPROTO_IP, 1, Form.NUMBER)),
            Map.entry(StandardSocketOptions.TCP_NODELAY, new Native(IPPROTO_TCP, 1, Form.FLAG)),
            Map.entry(ExtendedSocketOptions.TCP_KEEPIDLE, new Native(IPPROTO_TCP, 4, Form.NUMBER)),
            Map.entry(ExtendedSocketOptions.TCP_KEEPINTERVAL, new Native(IPPROTO_TCP, 5, Form.NUMBER)),
            Map.entry(ExtendedSocketOptions.TCP_KEEPCOUNT, new Native(IPPROTO_TCP, 6, Form.NUMBER)),
            Map.entry(ExtendedSocketOptions.TCP_QUICKACK, new Native(IPPROTO_TCP, 12, Form.FLAG)),
            Map.entry(EpollOptions.TCP_DEFER_ACCEPT, new Native(IPPROTO_TCP, 9, Form.SECONDS)),
            Map.entry(EpollOptions.TCP_INFO, new Native(IPPROTO_TCP, 11, Form.INFO)),
            Map.entry(EpollOptions.TCP_USER_TIMEOUT, new Native(IPPROTO_TCP, 18, Form.MILLIS)),
            Map.entry(EpollOptions.TCP_FASTOPEN, new Native(IPPROTO_TCP, 23, Form.NUMBER)),
            Map.entry(EpollOptions.TCP_NOTSENT_LOWAT, new Native(IPPROTO_TCP, 25, Form.NUMBER)),
            Map.entry(EpollOptions.SO_PEERCRED, new Native(SOL_SOCKET, 17, Form.CREDENTIALS)),
            Map.entry(EpollOptions.SO_BUSY_POLL, new Native(SOL_SOCKET, 46, Form.MICROS)));

    private record Native(int level, int name, Form form) {}

    /** The format of a value. */
    private enum Form {
        FLAG,
        NUMBER,
        LINGER,
        SECONDS,
        MILLIS,
        MICROS,
        INFO,
        CREDENTIALS
    }

    private final String transport;
    private final CallMemory memory;
    private final MemorySegment area;

    /**
     * Creates it for the sockets of one Selector.
     *
     * @param transport the name of the transport, for messages
     */
    public NativeOptions(String transport, CallMemory memory) {
        this.transport = transport;
        this.memory = memory;
        this.area = memory.option;
    }

    // ---- setting

    /** Sets an option. */
    public <T> void set(int fd, SocketOption<T> option, T value) throws IOException {
        Native known = known(option);
        int size = put(option, known.form, value);
        int result = set(fd, known.level, known.name, size);
        if (option == StandardSocketOptions.IP_TOS && result >= 0) {
            set(fd, IPPROTO_IPV6, IPV6_TCLASS, size); // fails on an IPv4 socket, which does not have it
        }
        if (result < 0) {
            throw failed("set ", option, -result);
        }
    }

    private int set(int fd, int level, int name, int size) {
        return LibC.setsockopt(memory.errno, fd, level, name, area.address(), size);
    }

    /** Writes the value to the area, and returns its size. */
    private int put(SocketOption<?> option, Form form, Object value) {
        if (form == Form.LINGER) {
            int seconds = (Integer) value;
            putInts(seconds < 0 ? 0 : 1, Math.max(0, seconds));
            return 2 * Integer.BYTES;
        }
        putInts(
                switch (form) {
                    case FLAG -> (Boolean) value ? 1 : 0;
                    case NUMBER -> notNegative(option, (Integer) value);
                    case SECONDS -> count(option, (Duration) value, ChronoUnit.SECONDS);
                    case MILLIS -> count(option, (Duration) value, ChronoUnit.MILLIS);
                    case MICROS -> count(option, (Duration) value, ChronoUnit.MICROS);
                    case LINGER, INFO, CREDENTIALS ->
                        throw new IllegalArgumentException("option " + option.name() + " can only be read");
                });
        return Integer.BYTES;
    }

    private void putInts(int... values) {
        for (int i = 0; i < values.length; i++) {
            area.setAtIndex(JAVA_INT, i, values[i]);
        }
    }

    private static int notNegative(SocketOption<?> option, int value) {
        if (value < 0) {
            throw new IllegalArgumentException("option " + option.name() + " can't be negative: " + value);
        }
        return value;
    }

    /** Rounds up, so that a short time does not become zero. */
    private static int count(SocketOption<?> option, Duration time, ChronoUnit unit) {
        if (time.isNegative()) {
            throw new IllegalArgumentException("option " + option.name() + " can't be negative: " + time);
        }
        try {
            Duration one = unit.getDuration();
            return Math.toIntExact(time.plus(one).minusNanos(1).dividedBy(one));
        } catch (ArithmeticException e) {
            throw new IllegalArgumentException("option " + option.name() + " can't be as long as " + time, e);
        }
    }

    /** Makes a listening IPv6 socket accept IPv4 connections as well. */
    public void acceptIpv4(int fd) throws IOException {
        putInts(0);
        Errno.check(set(fd, IPPROTO_IPV6, IPV6_V6ONLY, Integer.BYTES));
    }

    // ---- reading

    /** Reads an option. */
    public <T> T get(int fd, SocketOption<T> option) throws IOException {
        Native known = known(option);
        area.fill((byte) 0);
        int result = read(fd, known.level, known.name, known.form == Form.INFO ? TcpInfoArea.SIZE : 3 * Integer.BYTES);
        if (result < 0) {
            throw failed("read ", option, -result);
        }
        return option.type().cast(value(known.form));
    }

    private int read(int fd, int level, int name, int room) {
        memory.length.set(JAVA_INT, 0, room);
        return LibC.getsockopt(memory.errno, fd, level, name, area.address(), memory.length.address());
    }

    private Object value(Form form) {
        int first = area.get(JAVA_INT, 0);
        return switch (form) {
            case FLAG -> first != 0;
            case NUMBER -> first;
            case LINGER -> first == 0 ? -1 : area.getAtIndex(JAVA_INT, 1);
            case SECONDS -> Duration.ofSeconds(first);
            case MILLIS -> Duration.ofMillis(first);
            case MICROS -> Duration.of(first, ChronoUnit.MICROS);
            case INFO -> TcpInfoArea.read(area);
            case CREDENTIALS -> new PeerCredentials(first, area.getAtIndex(JAVA_INT, 1), area.getAtIndex(JAVA_INT, 2));
        };
    }

    /** Returns the pending error of a socket and clears it; 0 for none. */
    public int socketError(int fd) {
        area.set(JAVA_INT, 0, 0);
        int result = read(fd, SOL_SOCKET, SO_ERROR, Integer.BYTES);
        return result < 0 ? -result : area.get(JAVA_INT, 0);
    }

    // ---- unknown options

    private Native known(SocketOption<?> option) {
        @Nullable Native known = KNOWN.get(option);
        if (known == null) {
            throw SocketFailures.noOption(transport, option);
        }
        return known;
    }

    private IOException failed(String doing, SocketOption<?> option, int errno) {
        if (errno == Errno.ENOPROTOOPT || errno == Errno.EOPNOTSUPP) {
            throw SocketFailures.noOption(transport, option);
        }
        return SocketFailures.naming(doing + "option " + option.name(), Errno.exception(errno));
    }
}
