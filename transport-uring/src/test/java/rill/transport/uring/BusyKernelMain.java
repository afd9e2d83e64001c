package rill.transport.uring;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.concurrent.TimeUnit;
import rill.Connection;
import rill.Future;
import rill.Listener;
import rill.Loop;
import rill.Pipeline;
import rill.spi.Selector;
import rill.spi.SocketOptions;
import rill.transport.epoll.linux.Errno;
import rill.transport.epoll.linux.SystemCall;

/** Prints what a loop does while the kernel refuses something again and again, or may still work for it. {@link BusyKernelTest} runs it in a separate JVM. */
final class BusyKernelMain {
    private static final int PIECE = 64 * 1024;
    private static final int MUCH = 6_000_000; // more than one call takes
    private static final int CONNECT = 16;
    private static final int SEND = 26;
    private static final int RECEIVE = 27;
    private static final int ALWAYS = 1_000_000;
    private static final long PATIENCE_SECONDS = 5;

    private BusyKernelMain() {}

    public static void main(String[] arguments) throws Exception {
        whileNoRequestIsTaken();
        System.out.println("without room: " + sent(Errno.ENOBUFS));
        System.out.println("not now: " + sent(Errno.EAGAIN));
        connectingThatWasInterrupted();
        closedByAnotherThread();
        closedWithoutAnAnswer();
    }

    private static InetSocketAddress anyPort() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    }

    private static void whileNoRequestIsTaken() throws Exception {
        try (Loop loop = Loop.open(new UringTransport())) {
            loop.start();
            Listener listener =
                    loop.serve(anyPort(), Pipeline.bytes(), Future::of).await();
            FailingRequests.count();
            FailingRequests.refuseRequests(ALWAYS);
            Future<Connection<ByteBuf, ByteBuf>> connecting = loop.connect(listener.address(), Pipeline.bytes());
            loop.delay(java.time.Duration.ofMillis(300)).await();
            int calls = FailingRequests.made(SystemCall.IO_URING_ENTER);
            FailingRequests.none();
            connecting.await().abort().await();
            System.out.println("enters while none was taken: " + calls);
        }
    }

    /** What becomes of a connection when its send requests are answered with {@code errno}. */
    private static String sent(int errno) throws Exception {
        try (Loop loop = Loop.open(new UringTransport())) {
            loop.start();
            Listener listener =
                    loop.serve(anyPort(), Pipeline.bytes(), Future::of).await();
            Connection<ByteBuf, ByteBuf> connection =
                    loop.connect(listener.address(), Pipeline.bytes()).await();
            FailingRequests.count();
            FailingRequests.failRequest(SEND, 1, errno, errno == Errno.EAGAIN ? 3 : ALWAYS);
            Future<Void> flushed = loop.submit(() -> {
                        connection.write(Unpooled.directBuffer(MUCH).writeZero(MUCH));
                        return connection.flush();
                    })
                    .await();
            try {
                flushed.toCompletableFuture().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
                return "flushed after " + FailingRequests.requested(SEND) + " requests";
            } catch (java.util.concurrent.ExecutionException e) {
                return "failed after " + FailingRequests.requested(SEND) + " requests: "
                        + e.getCause().getMessage();
            } catch (java.util.concurrent.TimeoutException e) {
                return "nothing after " + FailingRequests.requested(SEND) + " requests";
            } finally {
                FailingRequests.none();
                connection.abort();
            }
        }
    }

    /** The kernel has begun to connect, and answers the request with EALREADY: still in progress. */
    private static void connectingThatWasInterrupted() throws Exception {
        try (Loop loop = Loop.open(new UringTransport())) {
            loop.start();
            Listener listener =
                    loop.serve(anyPort(), Pipeline.bytes(), Future::of).await();
            FailingRequests.count();
            FailingRequests.begin(CONNECT, Errno.EALREADY);
            Connection<ByteBuf, ByteBuf> connection =
                    loop.connect(listener.address(), Pipeline.bytes()).await();
            System.out.println("connected after " + FailingRequests.requested(CONNECT) + " requests");
            FailingRequests.none();
            connection.abort().await();
        } catch (IOException e) {
            System.out.println("not connected: " + e.getMessage());
        }
    }

    /** A Wire with a receive under way is closed, with its Selector, on a thread for which the kernel cancels nothing before the ring is closed. */
    private static void closedByAnotherThread() throws Exception {
        whileItReceives(selector -> {
            selector.select(0); // makes the request
            FailingRequests.count();
            Thread.ofPlatform().start(selector::close).join();
            System.out.println("closed by another thread: shut down " + FailingRequests.made(SystemCall.SHUTDOWN)
                    + ", read " + FailingRequests.made(SystemCall.RECVFROM));
        });
    }

    /** The answer to a request was lost, and the Selector is closed: there is nothing to wait for. */
    private static void closedWithoutAnAnswer() throws Exception {
        whileItReceives(selector -> {
            FailingRequests.count();
            FailingRequests.loseAnswer(RECEIVE);
            selector.select(0); // makes the request
            selector.close();
            System.out.println("closed without an answer: cancelled "
                    + FailingRequests.made(SystemCall.IO_URING_REGISTER) + " times");
        });
    }

    private interface Step {
        void on(Selector selector) throws Exception;
    }

    private static void whileItReceives(Step step) throws Exception {
        ByteBuf receive = Unpooled.directBuffer(PIECE, PIECE);
        Selector selector = new UringTransport().open(receive::clear);
        try (var server = new ServerSocket(0, 0, InetAddress.getLoopbackAddress())) {
            var end = new Selecting.End();
            end.wire = selector.connect(server.getLocalSocketAddress(), null, SocketOptions.none(), end);
            while (end.connected == 0) {
                selector.select(Selector.FOREVER);
            }
            step.on(selector);
        } finally {
            FailingRequests.none();
            selector.close();
            receive.release();
        }
    }
}
