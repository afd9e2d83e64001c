package rill.testkit;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import rill.spi.SocketOptions;
import rill.spi.Wire;
import rill.spi.WireListener;

/** Faults of a Selector or an Acceptor. */
final class SelectorFaults {
    /** Buffers leaked on purpose. */
    static final List<ByteBuf> LEAKED_BUFFERS = new ArrayList<>();

    private SelectorFaults() {}

    static final class DropsWakeups extends PassingSelector {
        @Override
        public void wakeup() {}
    }

    static final class LosesAWakeupNowAndThen extends PassingSelector {
        private final AtomicInteger count = new AtomicInteger();

        @Override
        public void wakeup() {
            if (count.incrementAndGet() % 500 != 0) {
                super.wakeup();
            }
        }
    }

    static final class ForgetsAWakeupThatCameEarly extends PassingSelector {
        private volatile boolean selecting;

        @Override
        public void select(long timeoutNanos) throws IOException {
            selecting = true;
            super.select(timeoutNanos);
            selecting = false;
        }

        @Override
        public void wakeup() {
            if (selecting) {
                super.wakeup();
            }
        }
    }

    static final class Spins extends PassingSelector {
        @Override
        public void select(long timeoutNanos) throws IOException {
            super.select(0);
        }
    }

    static final class BlocksOnZero extends PassingSelector {
        @Override
        public void select(long timeoutNanos) throws IOException {
            super.select(timeoutNanos == 0 ? TimeUnit.MILLISECONDS.toNanos(3) : timeoutNanos);
        }
    }

    static final class SleepsOnAnUntoldClose extends PassingSelector {
        SleepsOnAnUntoldClose() {
            wire = () -> new PassingWire() {
                @Override
                public void closed(Throwable cause) {
                    selector.later.add(() -> super.closed(cause));
                }
            };
        }

        @Override
        public void select(long timeoutNanos) throws IOException {
            real.select(timeoutNanos);
            if (timeoutNanos > 0) {
                real.select(timeoutNanos); // although something is in later
            }
            for (int n = later.size(); n > 0; n--) {
                later.remove().run();
            }
        }
    }

    static final class HasNoBoundOnATurn extends PassingSelector {
        @Override
        public void select(long timeoutNanos) throws IOException {
            super.select(timeoutNanos);
            for (int i = 0; i < 100; i++) {
                super.select(0);
            }
        }
    }

    static final class ClearsTheInterrupt extends PassingSelector {
        @Override
        public void select(long timeoutNanos) throws IOException {
            super.select(timeoutNanos);
            Thread.interrupted();
        }
    }

    static final class ConnectsInline extends PassingSelector {
        @Override
        public Wire connect(SocketAddress remote, SocketAddress local, SocketOptions options, WireListener listener) {
            listener.connected();
            return super.connect(remote, local, options, listener);
        }
    }

    static final class IgnoresOptions extends PassingSelector {
        @Override
        public Wire connect(SocketAddress remote, SocketAddress local, SocketOptions options, WireListener listener) {
            return super.connect(remote, local, SocketOptions.none(), listener);
        }
    }

    static final class IgnoresTheLocalAddress extends PassingSelector {
        @Override
        public Wire connect(SocketAddress remote, SocketAddress local, SocketOptions options, WireListener listener) {
            return super.connect(remote, null, options, listener);
        }
    }

    static final class TellsWhenItCloses extends PassingSelector {
        @Override
        public void close() {
            super.close();
            wires.forEach(each -> each.listener.closed(null));
        }
    }

    static final class LeaksAThread extends PassingSelector {
        static final List<Thread> LEAKED = new ArrayList<>();

        LeaksAThread() {
            LEAKED.add(Thread.ofPlatform().name("rill-leaked").start(LeaksAThread::untilInterrupted));
        }

        static void untilInterrupted() {
            try {
                Thread.currentThread().join();
            } catch (InterruptedException end) {
                // the test ends it
            }
        }
    }

    /** Reads everything that a busy connection has, while the others wait. */
    static final class ServesTheBusiestAlone extends PassingSelector {
        private boolean busy;

        ServesTheBusiestAlone() {
            wire = () -> new PassingWire() {
                private ByteBuf held;

                @Override
                public void received(ByteBuf bytes) {
                    if (bytes.readableBytes() > 100) {
                        busy = true;
                        super.received(bytes);
                    } else {
                        held = bytes.copy();
                        selector.later.add(this::tellUnlessBusy);
                    }
                }

                private void tellUnlessBusy() {
                    if (busy) {
                        selector.later.add(this::tellUnlessBusy);
                    } else {
                        super.received(held);
                        held.release();
                    }
                }
            };
        }

        @Override
        public void select(long timeoutNanos) throws IOException {
            busy = false;
            super.select(timeoutNanos);
        }
    }

    static final class AcceptsWhilePaused extends PassingAcceptor {
        @Override
        public void pause() {}
    }

    static final class AcceptsAfterClose extends PassingAcceptor {
        @Override
        public void close() {}
    }

    static final class NeverResumes extends PassingAcceptor {
        @Override
        public void resume() {}
    }
}
