package rill.transport.uring;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import rill.ConnectOptions;
import rill.Connection;
import rill.Future;
import rill.Listener;
import rill.Loop;
import rill.LoopOptions;
import rill.Pipeline;
import rill.Promise;
import rill.Report;
import rill.transport.epoll.linux.Errno;
import rill.transport.epoll.linux.LibC;
import rill.transport.epoll.linux.SystemCall;

/**
 * Makes each system call and each request fail once: the first, the second, … of a small program, with each error in its manual page that a correct
 * caller can get. Checks that at most one activity of the program suffers, and everything else continues.
 *
 * <p>{@link FailingRequestsTest} runs it in a separate JVM. It prints a line for each violation, and the number of runs.
 */
final class FailingRequestsMain {
    /** Of calls that are made very often, only the first ones fail, up to this many. */
    private static final int MOST_OF_A_KIND = 8;

    private static final int PIECE = 64 * 1024;
    private static final int PIECES = 12;
    private static final int MUCH = 3_000_000; // more than a socket takes, less than the hard limit
    private static final long PATIENCE_SECONDS = 10;
    private static final String AS_THINGS_DO = "failed: ";

    private static final int EIO = 5;
    private static final int ENOMEM = 12;
    private static final int ENOTTY = 25;
    private static final int ENOSPC = 28;
    private static final int EPIPE = 32;
    private static final int ENOTCONN = 107;

    private static final int SENDMSG = 9;
    private static final int CANCEL = 14;
    private static final int CONNECT = 16;
    private static final int SEND = 26;
    private static final int RECV = 27;

    private static final int[] SEND_ERRORS = {
        Errno.EAGAIN, Errno.EINTR, Errno.ECONNRESET, EPIPE, Errno.ENOBUFS, ENOMEM, Errno.EACCES, Errno.ECANCELED
    };

    /** From the ERRORS sections of the Linux manual, as far as a correct caller can get them. */
    private static final Map<SystemCall, int[]> ERRORS = new EnumMap<>(Map.ofEntries(
            Map.entry(SystemCall.ACCEPT4, new int[] {
                Errno.EAGAIN,
                Errno.EINTR,
                Errno.ECONNABORTED,
                Errno.EMFILE,
                Errno.ENFILE,
                Errno.ENOBUFS,
                ENOMEM,
                Errno.EPERM,
                Errno.EPROTO,
                Errno.ENETDOWN
            }),
            Map.entry(SystemCall.EPOLL_CREATE1, new int[] {Errno.EMFILE, Errno.ENFILE, ENOMEM}),
            Map.entry(SystemCall.EPOLL_CTL, new int[] {ENOMEM, ENOSPC}),
            Map.entry(SystemCall.EPOLL_PWAIT, new int[] {Errno.EINTR}),
            Map.entry(SystemCall.SENDMSG, SEND_ERRORS),
            Map.entry(SystemCall.SENDTO, SEND_ERRORS),
            Map.entry(SystemCall.BIND, new int[] {Errno.EACCES, Errno.EADDRINUSE, Errno.EADDRNOTAVAIL, ENOMEM}),
            Map.entry(SystemCall.CLOSE, new int[] {Errno.EINTR, EIO}),
            Map.entry(SystemCall.CONNECT, new int[] {Errno.EACCES, Errno.EAGAIN, Errno.ECONNREFUSED, Errno.EINTR}),
            Map.entry(SystemCall.IO_URING_SETUP, new int[] {Errno.EMFILE, Errno.ENFILE, ENOMEM}),
            Map.entry(SystemCall.MMAP, new int[] {ENOMEM}),
            Map.entry(SystemCall.IO_URING_ENTER, new int[] {Errno.EINTR, Errno.EAGAIN, Errno.EBUSY}),
            Map.entry(SystemCall.EVENTFD2, new int[] {Errno.EMFILE, Errno.ENFILE, ENOMEM}),
            Map.entry(SystemCall.GETSOCKNAME, new int[] {Errno.ENOBUFS}),
            Map.entry(SystemCall.LISTEN, new int[] {Errno.EADDRINUSE}),
            Map.entry(SystemCall.IOCTL, new int[] {Errno.EINVAL, ENOTTY}),
            Map.entry(SystemCall.SETSOCKOPT, new int[] {ENOMEM}), // ENOPROTOOPT answers a caller's mistake
            Map.entry(SystemCall.SHUTDOWN, new int[] {ENOTCONN}),
            Map.entry(
                    SystemCall.SOCKET,
                    new int[] {Errno.EACCES, Errno.EAFNOSUPPORT, Errno.EMFILE, Errno.ENFILE, Errno.ENOBUFS, ENOMEM}),
            Map.entry(SystemCall.WRITE, new int[] {Errno.EINTR})));

    /** The errors that may answer a request, by its opcode. */
    private static final Map<Integer, int[]> ANSWERS = Map.of(
            CONNECT,
            new int[] {
                Errno.EACCES,
                Errno.EPERM,
                Errno.EADDRINUSE,
                Errno.EADDRNOTAVAIL,
                Errno.ECONNREFUSED,
                Errno.EINTR,
                Errno.ENETUNREACH,
                Errno.ETIMEDOUT,
                ENOMEM
            },
            RECV,
            new int[] {
                Errno.EAGAIN,
                Errno.EINTR,
                Errno.ENOBUFS,
                Errno.ECONNREFUSED,
                Errno.ECONNRESET,
                Errno.ETIMEDOUT,
                Errno.ECANCELED,
                ENOMEM
            },
            SEND,
            SEND_ERRORS,
            SENDMSG,
            SEND_ERRORS,
            CANCEL,
            new int[] {Errno.ENOENT, Errno.EALREADY, ENOMEM});

    private FailingRequestsMain() {}

    public static void main(String[] arguments) throws Exception {
        var violations = new ArrayList<String>();
        run("to load what there is to load", 0, new ArrayList<>());
        FailingRequests.count();
        run("without a failure", 0, violations);
        var made = new EnumMap<SystemCall, Integer>(SystemCall.class);
        for (SystemCall each : SystemCall.values()) {
            made.put(each, FailingRequests.made(each));
        }
        var requested = new HashMap<Integer, Integer>();
        for (int each : ANSWERS.keySet()) {
            requested.put(each, FailingRequests.requested(each));
        }
        int runs = 0;
        int happened = 0;
        for (var entry : ERRORS.entrySet()) {
            SystemCall call = entry.getKey();
            int most = Math.min(MOST_OF_A_KIND, made.get(call));
            if (most == 0) {
                System.out.println("not called at all: " + call);
            }
            for (int errno : entry.getValue()) {
                for (int nth = 1; nth <= most; nth++) {
                    FailingRequests.fail(call, nth, errno);
                    run("call " + nth + " of " + call + " gives " + LibC.describe(errno), 1, violations);
                    runs++;
                    happened += FailingRequests.happened() ? 1 : 0;
                    FailingRequests.none();
                }
            }
        }
        for (var entry : ANSWERS.entrySet()) {
            int code = entry.getKey();
            int most = Math.min(MOST_OF_A_KIND, requested.get(code));
            if (most == 0) {
                System.out.println("not requested at all: " + code);
            }
            for (int errno : entry.getValue()) {
                for (int nth = 1; nth <= most; nth++) {
                    FailingRequests.failRequest(code, nth, errno);
                    run(
                            "request " + nth + " with opcode " + code + " is answered with " + LibC.describe(errno),
                            1,
                            violations);
                    runs++;
                    happened += FailingRequests.happened() ? 1 : 0;
                    FailingRequests.none();
                }
            }
        }
        violations.forEach(System.out::println);
        System.out.println(runs + " runs, " + happened + " with a failure, " + violations.size() + " violations");
    }

    private static void run(String what, int mayFail, List<String> violations) throws Exception {
        long before = descriptors();
        var reports = new ConcurrentLinkedQueue<Report>();
        Loop loop;
        try {
            loop = Loop.open(LoopOptions.defaults()
                    .transport(new UringTransport())
                    .slowHandle(Duration.ZERO)
                    .reporter(reports::add));
        } catch (IOException refused) { // the loop was never opened, and the exception says why
            if (mayFail == 0 || descriptors() != before) {
                violations.add(what + ": open left " + (descriptors() - before) + " descriptors, " + refused);
            }
            return;
        }
        var problems = new ArrayList<String>();
        loop.start();
        untilItSleeps(loop);
        int failed = activities(loop, problems);
        if (failed > mayFail) {
            problems.add(failed + " activities failed");
        }
        FailingRequests.none();
        if (problems.isEmpty() && outcome(loop.task(() -> echo(loop, tcp(), 1))) != null) {
            problems.add("nobody can connect afterwards");
        }
        if (loop.connections() != 0) {
            problems.add(loop.connections() + " connections left");
        }
        loop.close();
        if (descriptors() != before) {
            problems.add((descriptors() - before) + " descriptors left");
        }
        for (Report report : reports) {
            if (report instanceof Report.Thrown || report instanceof Report.Survivors) {
                problems.add(report.message());
            }
        }
        if (!problems.isEmpty()) {
            violations.add(what + ": " + String.join("; ", problems));
        }
    }

    /** Waits until the loop sleeps, so that the first activity must wake it up. If even that failed, everything after it would fail. */
    private static void untilItSleeps(Loop loop) {
        long patience = System.nanoTime() + TimeUnit.SECONDS.toNanos(1);
        while (loop.metrics().work().sleeps() == 0 && System.nanoTime() < patience) {
            Thread.onSpinWait();
        }
    }

    /** Runs all activities side by side; returns how many failed. */
    private static int activities(Loop loop, List<String> problems) throws Exception {
        Path file = Files.createTempDirectory("rill").resolve("socket");
        List<Callable<Void>> all = List.of(
                () -> echo(loop, tcp(), 1),
                () -> echo(loop, tcp(), PIECES),
                () -> echo(loop, UnixDomainSocketAddress.of(file), PIECES),
                () -> closeBeforeThePeerReads(loop),
                () -> abort(loop));
        var tasks = new ArrayList<Future<Void>>();
        for (Callable<Void> each : all) {
            tasks.add(loop.task(each));
        }
        int failed = 0;
        for (Future<Void> task : tasks) {
            String outcome = outcome(task);
            if (outcome != null) {
                failed++;
                if (!outcome.startsWith(AS_THINGS_DO)) {
                    problems.add(outcome);
                }
            }
        }
        Files.deleteIfExists(file);
        Files.delete(file.getParent());
        return failed;
    }

    /** Null if the task succeeded; begins with {@link #AS_THINGS_DO} if it failed with an IOException. */
    private static String outcome(Future<Void> task) throws InterruptedException {
        try {
            task.toCompletableFuture().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
            return null;
        } catch (TimeoutException e) {
            return "never done: " + task + " " + ((Loop) task.executor()).alive();
        } catch (ExecutionException e) {
            Throwable cause = e.getCause();
            return (cause instanceof IOException ? AS_THINGS_DO : "failed with what no call gives: ") + cause;
        }
    }

    private static SocketAddress tcp() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    }

    /** Writes this many pieces to an echo server, ends the stream, and reads them back. */
    private static Void echo(Loop loop, SocketAddress address, int pieces) throws IOException {
        Listener listener = loop.serve(address, Pipeline.bytes(), Future::of).await();
        try {
            Connection<ByteBuf, ByteBuf> connection =
                    loop.connect(listener.address(), Pipeline.bytes()).await();
            try {
                Future<Integer> received = loop.task(() -> receiveAll(connection));
                for (int i = 0; i < pieces; i++) {
                    connection.write(Unpooled.copyInt(i));
                    connection
                            .write(Unpooled.directBuffer(PIECE).writeZero(PIECE - 4))
                            .await();
                }
                connection.shutdownOutput();
                int expected = pieces * PIECE;
                int came = received.await();
                if (came != expected) {
                    throw new IOException(came + " of " + expected + " bytes came back, and then the end");
                }
            } finally {
                connection.finish().await();
            }
        } finally {
            listener.close();
        }
        return null;
    }

    private static int receiveAll(Connection<ByteBuf, ByteBuf> connection) throws IOException {
        int n = 0;
        for (ByteBuf bytes = connection.receive().await();
                bytes != null;
                bytes = connection.receive().await()) {
            n += bytes.readableBytes();
            bytes.release();
        }
        return n;
    }

    /** Closes while the peer has not read, so that the loop asks how much the peer has not taken. */
    private static Void closeBeforeThePeerReads(Loop loop) throws IOException {
        Promise<Connection<ByteBuf, ByteBuf>> accepted = loop.promise();
        Listener listener =
                loop.listen(tcp(), Pipeline.bytes(), accepted::complete).await();
        try {
            var little = ConnectOptions.defaults().option(StandardSocketOptions.SO_SNDBUF, PIECE);
            Connection<ByteBuf, ByteBuf> connection =
                    loop.connect(listener.address(), Pipeline.bytes(), little).await();
            connection.closed().map(never -> accepted.fail(new IOException("closed before it was accepted")));
            connection.write(Unpooled.directBuffer(MUCH).writeZero(MUCH));
            Future<Void> closed = connection.finish();
            Connection<ByteBuf, ByteBuf> peer = accepted.await();
            int came = receiveAll(peer);
            peer.finish().await();
            closed.await();
            if (came != MUCH) {
                throw new IOException(came + " of " + MUCH + " bytes came, and then the end");
            }
        } finally {
            listener.close();
            accepted.map(Connection::abort); // whenever it arrives
        }
        return null;
    }

    private static Void abort(Loop loop) throws IOException {
        Set<Connection<?, ?>> accepted = new HashSet<>();
        Listener listener = loop.listen(tcp(), Pipeline.bytes(), connection -> {
                    accepted.add(connection);
                    connection.onMessage(ByteBuf::release);
                })
                .await();
        try {
            var connection = loop.connect(listener.address(), Pipeline.bytes()).await();
            connection.write(Unpooled.copyInt(1));
            connection.flush().await();
            connection.abort().await();
            for (Connection<?, ?> each : accepted) {
                each.closed().await();
            }
        } finally {
            listener.close();
        }
        return null;
    }

    private static long descriptors() throws IOException {
        try (var all = Files.list(Path.of("/proc/self/fd"))) {
            return all.count();
        }
    }
}
