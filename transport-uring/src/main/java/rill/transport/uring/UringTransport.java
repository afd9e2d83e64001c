package rill.transport.uring;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import rill.spi.AbstractSocketAddress;
import rill.spi.Selector;
import rill.spi.Transport;
import rill.transport.epoll.EpollOptions;
import rill.transport.epoll.EpollTransport;
import rill.transport.epoll.linux.Errno;
import rill.transport.epoll.linux.Unavailable;

/**
 * TCP and Unix domain sockets on Linux io_uring, through the C library and {@code java.lang.foreign}: requests of many connections go to the kernel
 * together, and its answers arrive together.
 *
 * <p>It needs Linux 6.1 or later, which must allow it: containers often do not. Like {@link EpollTransport}, whose code makes the calls, it needs
 * native access: {@code --enable-native-access=rill.transport.epoll}, or {@code ALL-UNNAMED} on the class path. Where something is missing,
 * {@link #unavailable} says what.
 *
 * <p><b>Threading:</b> a loop on it belongs to the first thread that drives it; see {@link Transport#keepsDriver}. It is for loops that have their
 * own thread ({@link rill.Loop#start}, {@link rill.LoopGroup}). It is never chosen unless requested by {@link rill.LoopOptions#transport} or by the
 * system property {@code rill.transport}.
 *
 * <p>Socket options: see {@link EpollOptions}. Addresses: {@link java.net.InetSocketAddress}, {@link java.net.UnixDomainSocketAddress},
 * {@link AbstractSocketAddress}.
 */
public final class UringTransport implements Transport {
    private static final Path SYSCTL = Path.of("/proc/sys/kernel/io_uring_disabled");

    /** Set once a trial has succeeded: neither the kernel nor a system call filter takes that back. */
    private static volatile @Nullable Kernel seen;

    private final @Nullable Kernel kernel; // null for the one seen
    private final Ring.Size size;

    /** Creates the transport; it has no state, so any instance will do. */
    public UringTransport() {
        this(null, Ring.Size.USUAL);
    }

    /**
     * For tests.
     *
     * @param kernel the features to use; null for all that are available
     */
    UringTransport(@Nullable Kernel kernel, Ring.Size size) {
        this.kernel = kernel;
        this.size = size;
    }

    @Override
    public String name() {
        return "uring";
    }

    /** Returns a preference below all others: the transport is chosen by name only. */
    @Override
    public int preference() {
        return -10;
    }

    @Override
    public @Nullable String unavailable() {
        return Unavailable.because("io_uring", UringTransport::refusal);
    }

    /** Returns what the kernel, or a system call filter, says to a trial. Being out of descriptors at the moment is no obstacle. */
    private static @Nullable String refusal() {
        if (seen != null) {
            return null;
        }
        try {
            seen = Trial.kernel();
            return null;
        } catch (Ring.Refused e) {
            return Unavailable.onlyForNow(e.error) ? null : because(e);
        } catch (IOException e) {
            return "a ring that was made can't be used: " + e.getMessage();
        }
    }

    private static String because(Ring.Refused refused) {
        String kernel = "Linux 6.1 or later is needed, and this is " + System.getProperty("os.version");
        return "the system refuses to " + refused.getMessage()
                + switch (refused.error) {
                    case Errno.ENOSYS -> " (" + kernel + ", or a filter of system calls that does not know io_uring)";
                    case Errno.EINVAL, Errno.EOPNOTSUPP -> " (" + kernel + ")";
                    case Errno.EPERM, Errno.EACCES -> " (" + whoForbids() + ")";
                    case Errno.ENOMEM -> " (there is no memory for it, or no more may be locked: ulimit -l)";
                    default -> "";
                };
    }

    private static String whoForbids() {
        String sysctl;
        try {
            sysctl = Files.readString(SYSCTL).strip();
        } catch (IOException none) {
            sysctl = "0";
        }
        return switch (sysctl) {
            case "1" -> "the sysctl kernel.io_uring_disabled is 1: only for those in kernel.io_uring_group";
            case "2" -> "the sysctl kernel.io_uring_disabled is 2: for nobody";
            default -> "a filter of system calls forbids it, as the default ones of containers do";
        };
    }

    @Override
    public boolean keepsDriver() {
        return true;
    }

    @Override
    public Selector open(Supplier<ByteBuf> receiveBuffer) throws IOException {
        String obstacle = unavailable();
        if (obstacle != null) {
            throw new IllegalStateException("transport uring is unavailable: " + obstacle);
        }
        try {
            return new UringSelector(RingParts.open(kernel(), size), receiveBuffer);
        } catch (Ring.Refused e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    private Kernel kernel() {
        if (kernel != null) {
            return kernel;
        }
        Kernel present = seen;
        return present == null ? Kernel.ANY : present;
    }

    @Override
    public String toString() {
        return name();
    }
}
