package rill.transport.epoll.linux;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The processor architectures whose layout of {@code struct epoll_event} is known. They also differ in the numbers of {@link SystemCall}; all other
 * structures and constants are the same on both.
 *
 * <pre>
 *  X86_64     events 4 | data 8              packed
 *  AARCH64    events 4 | unused 4 | data 8   as the C compiler aligns it
 * </pre>
 *
 * <p><b>Source:</b> {@code uapi/linux/eventpoll.h}, where EPOLL_PACKED applies to x86-64 only. <b>Units:</b> bytes.
 */
public enum Architecture {
    X86_64(12, 4),
    AARCH64(16, 8);

    public final long eventSize;
    public final long dataOffset;

    Architecture(long eventSize, long dataOffset) {
        this.eventSize = eventSize;
        this.dataOffset = dataOffset;
    }

    /** Returns the architecture with this value of the system property {@code os.arch}, or null. */
    public static @Nullable Architecture named(String osArch) {
        return switch (osArch.toLowerCase(Locale.ROOT)) {
            case "amd64", "x86_64" -> X86_64;
            case "aarch64", "arm64" -> AARCH64;
            default -> null;
        };
    }

    /** Returns this machine's architecture, or null. */
    public static @Nullable Architecture here() {
        return named(System.getProperty("os.arch", ""));
    }
}
