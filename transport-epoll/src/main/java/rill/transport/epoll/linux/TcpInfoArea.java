package rill.transport.epoll.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import rill.transport.epoll.TcpInfo;

/** The kernel's description of a TCP connection. <b>Source:</b> {@code struct tcp_info} in {@code uapi/linux/tcp.h}. */
final class TcpInfoArea {
    static final int SIZE = 160;

    private TcpInfoArea() {}

    /** Reads the kernel's structure; bytes that the kernel did not fill in must be zero. */
    static TcpInfo read(MemorySegment info) {
        int state = info.get(JAVA_BYTE, 0);
        TcpInfo.State[] states = TcpInfo.State.values();
        return new TcpInfo(
                state > 0 && state < states.length ? states[state] : TcpInfo.State.UNKNOWN,
                micros(info, 68),
                micros(info, 72),
                micros(info, 148),
                micros(info, 8),
                info.get(JAVA_BYTE, 2) & 0xff,
                unsigned(info, 100),
                unsigned(info, 24),
                unsigned(info, 32),
                unsigned(info, 80),
                unsigned(info, 16),
                unsigned(info, 144),
                info.get(JAVA_LONG, 120),
                info.get(JAVA_LONG, 128));
    }

    private static Duration micros(MemorySegment info, long offset) {
        return Duration.of(unsigned(info, offset), ChronoUnit.MICROS);
    }

    private static long unsigned(MemorySegment info, long offset) {
        return Integer.toUnsignedLong(info.get(JAVA_INT, offset));
    }
}
