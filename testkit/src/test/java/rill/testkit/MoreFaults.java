package rill.testkit;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketOption;
import rill.spi.AcceptListener;
import rill.spi.AcceptedSocket;
import rill.spi.Acceptor;
import rill.spi.SocketOptions;
import rill.spi.Wire;
import rill.spi.WireListener;

/** Further faults, so that each test of the suite fails for something. */
final class MoreFaults {
    private MoreFaults() {}

    static final class CountsAnEmptyFlush extends PassingWire {
        @Override
        public long flush() {
            return Math.max(1, super.flush());
        }
    }

    static final class CountsARetryThatWroteNothing extends PassingWire {
        @Override
        public long retry() {
            return super.retry() + 1;
        }
    }

    static final class SaysThatAllWasAcknowledged extends PassingWire {
        @Override
        public long unacknowledged() {
            return 0;
        }
    }

    static final class RetainsTheTarget extends PassingWire {
        @Override
        public void received(ByteBuf bytes) {
            ByteBuf target = readTarget();
            if (target != null) {
                SelectorFaults.LEAKED_BUFFERS.add(target.retain());
            }
            super.received(bytes);
        }
    }

    static final class ClosesLate extends PassingWire {
        @Override
        public void close() {
            selector.later.add(() -> selector.later.add(super::close));
        }

        @Override
        public void abort() {
            selector.later.add(() -> selector.later.add(super::abort));
        }
    }

    static final class KeepsWhatIsWrittenAfterTheEnd extends PassingWire {
        private boolean shut;

        @Override
        public void shutdownOutput() {
            shut = true;
            super.shutdownOutput();
        }

        @Override
        public void write(ByteBuf buffer) {
            if (shut) {
                SelectorFaults.LEAKED_BUFFERS.add(buffer);
            } else {
                super.write(buffer);
            }
        }
    }

    static final class LosesWhatCameEarly extends PassingWire {
        private boolean first = true;

        @Override
        public void received(ByteBuf bytes) {
            if (!first) {
                super.received(bytes);
            }
            first = false;
        }
    }

    static final class TellsConnectedAgain extends PassingWire {
        @Override
        public void connected() {
            selector.later.add(super::connected);
            super.connected();
        }
    }

    static final class CanNotBeGivenUp extends PassingWire {
        private boolean connected;

        @Override
        public void connected() {
            connected = true;
            super.connected();
        }

        @Override
        public void close() {
            if (connected) {
                super.close();
            }
        }

        @Override
        public void abort() {
            if (connected) {
                super.abort();
            }
        }
    }

    static final class HoldsItsCloseWhilePaused extends KnowsPauses {
        @Override
        public void closed(Throwable cause) {
            if (!paused) {
                super.closed(cause);
            }
        }
    }

    static final class NeverTellsClosed extends PassingWire {
        @Override
        public void closed(Throwable cause) {}
    }

    static final class TellsWhyAWriteFailedToWhoHasClosed extends PassingWire {
        private Throwable failure;

        @Override
        public void writeFailed(Throwable cause) {
            failure = cause;
            super.writeFailed(cause);
        }

        @Override
        public void closed(Throwable cause) {
            super.closed(cause == null ? failure : cause);
        }
    }

    static final class KeepsWhatItHasWritten extends PassingWire {
        @Override
        public void write(ByteBuf buffer) {
            SelectorFaults.LEAKED_BUFFERS.add(buffer.retain());
            super.write(buffer);
        }
    }

    static final class ReleasesWhatOthersHave extends PassingWire {
        @Override
        public void write(ByteBuf buffer) {
            super.write(buffer.copy());
            buffer.release(buffer.refCnt());
        }
    }

    static final class EndsItsOutputOnlyWhileItReads extends PassingWire {
        private boolean paused;

        @Override
        public void pauseReads() {
            paused = true;
            super.pauseReads();
        }

        @Override
        public void shutdownOutput() {
            if (paused) {
                super.flush();
            } else {
                super.shutdownOutput();
            }
        }
    }

    static final class GuessesWhatIsUnacknowledged extends PassingWire {
        @Override
        public long unacknowledged() {
            return Math.max(0, super.unacknowledged());
        }
    }

    /** Has room for 64 closes in one select, and drops the rest. */
    static final class TellsOnlySoManyOfTheirClose extends PassingSelector {
        private int told;

        TellsOnlySoManyOfTheirClose() {
            wire = () -> new PassingWire() {
                @Override
                public void closed(Throwable cause) {
                    if (++told <= 64) {
                        super.closed(cause);
                    }
                }
            };
        }

        @Override
        public void select(long timeoutNanos) throws IOException {
            told = 0;
            super.select(timeoutNanos);
        }
    }

    static final class ReadsOnlyTheFirstHundred extends PassingSelector {
        ReadsOnlyTheFirstHundred() {
            wire = () -> new PassingWire() {
                @Override
                public void received(ByteBuf bytes) {
                    if (wires.indexOf(this) < 100) {
                        super.received(bytes);
                    }
                }
            };
        }
    }

    static final class TakesAnyOption extends PassingWire {
        @Override
        public <T> void set(SocketOption<T> option, T value) throws IOException {
            try {
                super.set(option, value);
            } catch (IllegalArgumentException e) {
                // as if the option existed
            }
        }
    }

    static final class OpensWhatItHasAcceptedAlone extends PassingSelector {
        private boolean accepting;

        OpensWhatItHasAcceptedAlone() {
            acceptor = () -> new PassingAcceptor() {
                @Override
                public void accepted(AcceptedSocket socket) {
                    accepting = true;
                    super.accepted(socket);
                }
            };
        }

        @Override
        public Wire open(AcceptedSocket socket, SocketOptions options, WireListener listener) {
            if (!accepting) {
                throw new IllegalArgumentException("accepted by another selector");
            }
            return super.open(socket, options, listener);
        }
    }

    static final class OpensAnythingAnyTime extends PassingSelector {
        @Override
        public Wire open(AcceptedSocket socket, SocketOptions options, WireListener listener) {
            try {
                return super.open(socket, options, listener);
            } catch (IllegalArgumentException | IllegalStateException e) {
                return new PassingWire();
            }
        }
    }

    static final class KnowsTheAddressThatWasAskedForAlone extends PassingAcceptor {
        @Override
        public SocketAddress localAddress() {
            return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        }
    }

    static final class DoesNotSayWhatItRefuses extends PassingSelector {
        @Override
        public Wire connect(SocketAddress remote, SocketAddress local, SocketOptions options, WireListener listener) {
            try {
                return super.connect(remote, local, options, listener);
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException("no");
            }
        }

        @Override
        public Acceptor listen(SocketAddress local, int backlog, SocketOptions options, AcceptListener listener)
                throws IOException {
            try {
                return super.listen(local, backlog, options, listener);
            } catch (IOException e) {
                throw new IOException("Address already in use");
            }
        }
    }
}
