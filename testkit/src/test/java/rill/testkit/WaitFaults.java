package rill.testkit;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.net.SocketAddress;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import rill.spi.SocketOptions;
import rill.spi.Wire;
import rill.spi.WireListener;

/** Faults in the waiting of a Selector. */
final class WaitFaults {
    private WaitFaults() {}

    static final class NeverReturns extends PassingSelector {
        private int selects;

        @Override
        public void select(long timeoutNanos) throws IOException {
            super.select(timeoutNanos);
            while (++selects > 3 && !Thread.currentThread().isInterrupted()) {
                super.select(FOREVER);
            }
        }
    }

    static final class IgnoresAnInterruptWhileItIsBlocked extends PassingSelector {
        @Override
        public void select(long timeoutNanos) throws IOException {
            boolean before = Thread.currentThread().isInterrupted();
            super.select(timeoutNanos);
            if (!before && Thread.interrupted()) {
                super.select(timeoutNanos);
                Thread.currentThread().interrupt();
            }
        }
    }

    static final class TellsOfACloseAtOnce extends PassingWire {
        private boolean told;

        @Override
        public void close() {
            real.close();
            selector.later.add(() -> closed(null));
        }

        @Override
        public void closed(Throwable cause) {
            if (!told) {
                told = true;
                super.closed(cause);
            }
        }
    }

    static final class ObeysItsDriverAlone extends PassingSelector {
        private Thread driver;

        ObeysItsDriverAlone() {
            wire = () -> new PassingWire() {
                @Override
                public long flush() {
                    if (driver != null && driver != Thread.currentThread()) {
                        throw new IllegalStateException("not the driver");
                    }
                    return super.flush();
                }
            };
        }

        @Override
        public void select(long timeoutNanos) throws IOException {
            driver = Thread.currentThread();
            super.select(timeoutNanos);
        }
    }

    static final class TakesForeverForAtOnce extends PassingSelector {
        @Override
        public void select(long timeoutNanos) throws IOException {
            super.select(Math.max(0, timeoutNanos));
        }
    }

    static final class OverflowsWithALongTimeout extends PassingSelector {
        @Override
        public void select(long timeoutNanos) throws IOException {
            super.select(timeoutNanos + 1_000_000 < timeoutNanos ? 0 : timeoutNanos);
        }
    }

    static final class WaitsTooLong extends PassingSelector {
        @Override
        public void select(long timeoutNanos) throws IOException {
            super.select(timeoutNanos > 0 ? timeoutNanos + TimeUnit.MILLISECONDS.toNanos(200) : timeoutNanos);
        }
    }

    static final class WaitsForEverThoughThereAreEvents extends PassingSelector {
        @Override
        public void select(long timeoutNanos) throws IOException {
            super.select(timeoutNanos);
            if (timeoutNanos == FOREVER) {
                super.select(FOREVER);
            }
        }
    }

    static final class KeepsAWakeupThroughASelectOfZero extends PassingSelector {
        private volatile boolean woken;

        @Override
        public void select(long timeoutNanos) throws IOException {
            super.select(timeoutNanos);
            if (timeoutNanos == 0 && woken) {
                real.wakeup();
            } else {
                woken = false;
            }
        }

        @Override
        public void wakeup() {
            woken = true;
            super.wakeup();
        }
    }

    static final class CountsEachWakeup extends PassingSelector {
        private final AtomicInteger wakeups = new AtomicInteger();

        @Override
        public void select(long timeoutNanos) throws IOException {
            super.select(wakeups.get() > 0 ? 0 : timeoutNanos);
            wakeups.updateAndGet(n -> Math.max(0, n - 1));
        }

        @Override
        public void wakeup() {
            wakeups.incrementAndGet();
            super.wakeup();
        }
    }

    static final class ForgetsAWakeupWithinACallback extends PassingSelector {
        private volatile Thread selecting;

        @Override
        public void select(long timeoutNanos) throws IOException {
            selecting = Thread.currentThread();
            super.select(timeoutNanos);
            selecting = null;
        }

        @Override
        public void wakeup() {
            if (Thread.currentThread() != selecting) {
                super.wakeup();
            }
        }
    }

    /** Nothing ends its waits, but all of them are short. */
    static final class PollsInPlaceOfBeingWoken extends PassingSelector {
        @Override
        public void select(long timeoutNanos) throws IOException {
            long most = TimeUnit.MILLISECONDS.toNanos(180);
            super.select(timeoutNanos < 0 ? most : Math.min(most, timeoutNanos));
        }

        @Override
        public void wakeup() {}
    }

    /** Waits although something is still to be delivered. */
    abstract static class Sleeps extends PassingSelector {
        @Override
        public void select(long timeoutNanos) throws IOException {
            real.select(timeoutNanos);
            for (int i = 0; timeoutNanos > 0 && i < 2; i++) {
                real.select(timeoutNanos); // although something is in later
            }
            for (int n = later.size(); n > 0; n--) {
                later.remove().run();
            }
        }
    }

    static final class SleepsOnAnUntoldOpen extends Sleeps {
        SleepsOnAnUntoldOpen() {
            accepted = () -> new PassingWire() {
                @Override
                public void connected() {
                    selector.later.add(super::connected);
                }
            };
        }
    }

    static final class SleepsOnWhatAHalfCloseWrote extends Sleeps {
        SleepsOnWhatAHalfCloseWrote() {
            wire = () -> new PassingWire() {
                private boolean shut;

                @Override
                public void shutdownOutput() {
                    shut = true;
                    super.shutdownOutput();
                }

                @Override
                public void written(long bytes) {
                    if (shut) {
                        selector.later.add(() -> super.written(bytes));
                    } else {
                        super.written(bytes);
                    }
                }
            };
        }
    }

    static final class WakesOnlyItsFirstDriver extends PassingSelector {
        private volatile Thread first;
        private volatile Thread latest;

        @Override
        public void select(long timeoutNanos) throws IOException {
            if (first == null) {
                first = Thread.currentThread();
            }
            latest = Thread.currentThread();
            super.select(timeoutNanos);
        }

        @Override
        public void wakeup() {
            if (latest == first) {
                super.wakeup();
            }
        }
    }

    static final class IsBoundToOneThread extends PassingSelector {
        private final Thread maker = Thread.currentThread();

        @Override
        public void select(long timeoutNanos) throws IOException {
            if (Thread.currentThread() != maker) {
                throw new IllegalStateException("not the thread that opened it");
            }
            super.select(timeoutNanos);
        }
    }

    static final class ConnectsNobodyWhileInterrupted extends PassingSelector {
        @Override
        public Wire connect(SocketAddress remote, SocketAddress local, SocketOptions options, WireListener listener) {
            Wire made = super.connect(remote, local, options, listener);
            if (Thread.currentThread().isInterrupted()) {
                made.abort(); // as an interrupt closes an NIO channel
            }
            return made;
        }
    }

    static final class TellsOnAnotherThread extends PassingWire {
        @Override
        public void received(ByteBuf bytes) {
            try {
                Thread.ofPlatform()
                        .name("raw-peer-teller")
                        .start(() -> super.received(bytes))
                        .join();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }
    }
}
