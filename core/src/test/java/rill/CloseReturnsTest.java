package rill;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import rill.spi.AcceptListener;
import rill.spi.AcceptedSocket;
import rill.spi.Acceptor;
import rill.spi.Selector;
import rill.spi.SocketOptions;
import rill.spi.Transport;
import rill.spi.Wire;
import rill.spi.WireListener;
import rill.testing.MemoryTransport;

/** The moment at which closing a loop is complete. */
class CloseReturnsTest {
    @Test
    void close_returns_only_after_the_selector_has_given_back_what_it_had() throws Exception {
        var transport = new Watching(new MemoryTransport());
        Loop loop = Loop.open(LoopOptions.defaults().transport(transport).slowHandle(Duration.ZERO))
                .start();
        var closer = new Thread(loop::close);
        transport.closer = closer;
        closer.start();
        closer.join();
        assertThat(transport.seen.get())
                .as("who waits for the close, while the selector closes and although somebody has woken it")
                .isEqualTo(Thread.State.WAITING);
    }

    @Test
    void close_returns_although_something_that_was_left_can_not_be_discarded() throws Exception {
        var transport = new Watching(new MemoryTransport());
        var reports = new ConcurrentLinkedQueue<Report>();
        Loop loop = Loop.open(LoopOptions.defaults()
                        .transport(transport)
                        .slowHandle(Duration.ZERO)
                        .reporter(reports::add))
                .start();
        transport.whileClosing = () -> loop.ticking().add(new Stubborn());
        Outside<Void> closer = Outside.start(() -> {
            loop.close();
            return null;
        });
        transport.closer = closer.thread();
        closer.result();
        Await.until("it was told", () -> reports.stream().anyMatch(report -> report.cause() != null));
    }

    @Test
    void what_survives_is_told_before_close_returns() throws Exception {
        var endedBefore = new ConcurrentLinkedQueue<Boolean>();
        var opened = new AtomicReference<Loop>();
        Loop loop = Loop.open(LoopOptions.defaults()
                .transport(new MemoryTransport())
                .slowHandle(Duration.ZERO)
                .reporter(report -> {
                    if (report instanceof Report.Survivors) {
                        endedBefore.add(opened.get().ended());
                    }
                }));
        opened.set(loop);
        loop.task("stubborn", () -> {
            try {
                loop.promise().await();
            } catch (CancelledException e) {
                loop.promise().await();
            }
        });
        loop.start();

        loop.close(Duration.ZERO);

        assertThat(endedBefore).containsExactly(false);
    }

    /** A Node that can't be discarded. */
    private static final class Stubborn extends Node {
        @Override
        void execute() {}

        @Override
        void discard() {
            throw new IllegalStateException("on purpose");
        }

        @Override
        String label() {
            return "stubborn";
        }
    }

    /** Wakes the thread that waits for the close while its selector closes, and records what that thread does then. */
    private static final class Watching implements Transport {
        private final Transport inner;
        final AtomicReference<Thread.State> seen = new AtomicReference<>();
        volatile Thread closer;
        volatile Runnable whileClosing = () -> {};

        Watching(Transport inner) {
            this.inner = inner;
        }

        @Override
        public String name() {
            return "watching";
        }

        @Override
        public int preference() {
            return 0;
        }

        @Override
        public Selector open(Supplier<ByteBuf> receiveBuffer) throws IOException {
            Selector selector = inner.open(receiveBuffer);
            return new Selector() {
                @Override
                public void close() {
                    selector.close();
                    whileClosing.run();
                    LockSupport.unpark(closer);
                    Await.until("the closer waits again, or has gone", () -> settled(closer.getState()));
                    seen.set(closer.getState());
                }

                private static boolean settled(Thread.State state) {
                    return state == Thread.State.WAITING || state == Thread.State.TERMINATED;
                }

                @Override
                public void select(long timeoutNanos) throws IOException {
                    selector.select(timeoutNanos);
                }

                @Override
                public void wakeup() {
                    selector.wakeup();
                }

                @Override
                public Wire connect(
                        SocketAddress remote, SocketAddress local, SocketOptions options, WireListener listener) {
                    return selector.connect(remote, local, options, listener);
                }

                @Override
                public Wire open(AcceptedSocket socket, SocketOptions options, WireListener listener) {
                    return selector.open(socket, options, listener);
                }

                @Override
                public Acceptor listen(SocketAddress local, int backlog, SocketOptions options, AcceptListener listener)
                        throws IOException {
                    return selector.listen(local, backlog, options, listener);
                }
            };
        }
    }
}
