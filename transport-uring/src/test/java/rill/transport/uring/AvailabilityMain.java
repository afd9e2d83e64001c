package rill.transport.uring;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import rill.Connection;
import rill.Future;
import rill.Listener;
import rill.Loop;
import rill.testing.TextLines;
import rill.transport.epoll.linux.Errno;
import rill.transport.epoll.linux.SystemCall;

/** Prints what is reported about kernels that lack certain features. {@link AvailabilityTest} runs it in a separate JVM. */
final class AvailabilityMain {
    private static final int DEFER_TASKRUN = 1 << 13;
    private static final int NO_SQARRAY = 1 << 16;
    private static final int EXT_ARG = 1 << 8;
    private static final int NO_IOWAIT = 1 << 17;
    private static final int ENABLE_RINGS = 12;
    private static final int PBUF_RING = 22;
    private static final int SYNC_CANCEL = 24;
    private static final int RECV = 27;
    private static final int ALWAYS = 1000;

    private AvailabilityMain() {}

    public static void main(String[] arguments) throws Exception {
        says("once", () -> FailingRequests.fail(SystemCall.IO_URING_SETUP, 1, Errno.EPERM, ALWAYS)); // to load classes
        says("once", () -> FailingRequests.refuseRegistration(ENABLE_RINGS, Errno.EINVAL));
        says("forbidden", () -> FailingRequests.fail(SystemCall.IO_URING_SETUP, 1, Errno.EPERM, ALWAYS));
        says("no such call", () -> FailingRequests.fail(SystemCall.IO_URING_SETUP, 1, Errno.ENOSYS, ALWAYS));
        says("no memory", () -> FailingRequests.fail(SystemCall.IO_URING_SETUP, 1, Errno.ENOMEM, ALWAYS));
        says("no deferred work", () -> FailingRequests.refuseFlags(DEFER_TASKRUN));
        says("no timeouts", () -> FailingRequests.hideFeatures(EXT_ARG));
        says("no buffers", () -> FailingRequests.refuseRegistration(PBUF_RING, Errno.EINVAL));
        says("never enabled", () -> FailingRequests.refuseRegistration(ENABLE_RINGS, Errno.EINVAL));
        says("no map", () -> FailingRequests.fail(SystemCall.MMAP, 1, Errno.ENOMEM, ALWAYS));
        says("no second map", () -> FailingRequests.fail(SystemCall.MMAP, 2, Errno.ENOMEM, ALWAYS));
        says("no third map", () -> FailingRequests.fail(SystemCall.MMAP, 3, Errno.ENOMEM, ALWAYS));
        says("no wake-ups", () -> FailingRequests.fail(SystemCall.EVENTFD2, 1, Errno.ENOMEM, ALWAYS));
        says("no receiving", () -> FailingRequests.failRequest(RECV, 1, Errno.EINVAL, ALWAYS));
        says("no cancelling", () -> FailingRequests.refuseRegistration(SYNC_CANCEL, Errno.EINVAL));
        says("no pair of sockets", () -> FailingRequests.fail(SystemCall.SOCKETPAIR, 1, Errno.ENOMEM, ALWAYS));
        FailingRequests.refuseCaps();
        System.out.println("without caps: " + Trial.kernel());
        FailingRequests.loseEnds();
        System.out.println("ends that are lost: " + Trial.kernel());
        FailingRequests.none();
        says("out of descriptors", () -> FailingRequests.fail(SystemCall.IO_URING_SETUP, 1, Errno.EMFILE, ALWAYS));
        works("all there is", FailingRequests::none);
        works("an array of requests", () -> FailingRequests.refuseFlags(NO_SQARRAY));
        works("waits that count as such", () -> FailingRequests.hideFeatures(NO_IOWAIT));
        for (int i = 0; i < 5; i++) { // memory that malloc has aligned to 4 KiB fits now and then
            works("pages of 64 KiB, number " + i, () -> FailingRequests.pages(64 * 1024));
        }
        works("whole buffers", () -> FailingRequests.fail(SystemCall.IO_URING_REGISTER, 1, Errno.EINVAL));
    }

    private static void says(String of, Runnable kernel) throws IOException {
        long before = descriptors();
        kernel.run();
        String obstacle = Objects.requireNonNullElse(new UringTransport().unavailable(), "available");
        FailingRequests.none();
        System.out.println(of + ": " + obstacle + (descriptors() == before ? "" : "; DESCRIPTORS LEFT"));
    }

    private static void works(String with, Runnable kernel) throws IOException {
        kernel.run();
        try (Loop loop = Loop.open(new UringTransport())) {
            System.out.println("with " + with + ": " + loop.run(() -> echo(loop)));
        } catch (IOException | RuntimeException e) {
            System.out.println("with " + with + ": " + e);
        }
        FailingRequests.none();
    }

    private static String echo(Loop loop) throws IOException {
        var address = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        Listener server = loop.serve(address, TextLines.pipeline(), Future::of).await();
        Connection<String, String> connection =
                loop.connect(server.address(), TextLines.pipeline()).await();
        connection.write("round and round");
        String answer = connection.receive().await();
        connection.finish().await();
        server.close();
        return answer;
    }

    private static long descriptors() throws IOException {
        try (var all = Files.list(Path.of("/proc/self/fd"))) {
            return all.count();
        }
    }
}
