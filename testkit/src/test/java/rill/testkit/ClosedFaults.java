package rill.testkit;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Selector;
import java.util.ArrayList;
import java.util.List;
import rill.spi.AcceptListener;
import rill.spi.AcceptedSocket;
import rill.spi.Acceptor;
import rill.spi.SocketOptions;
import rill.spi.Wire;
import rill.spi.WireListener;

/** Faults at the close of a Selector, or when a listener throws. */
final class ClosedFaults {
    private ClosedFaults() {}

    /** Remembers that it was closed. */
    abstract static class Remembering extends PassingSelector {
        boolean closed;

        @Override
        public void close() {
            closed = true;
            super.close();
        }
    }

    static final class SelectsAfterItsClose extends Remembering {
        @Override
        public void select(long timeoutNanos) throws IOException {
            if (!closed) {
                super.select(timeoutNanos);
            }
        }
    }

    static final class ConnectsAfterItsClose extends Remembering {
        @Override
        public Wire connect(SocketAddress remote, SocketAddress local, SocketOptions options, WireListener listener) {
            return closed ? new PassingWire() : super.connect(remote, local, options, listener);
        }
    }

    static final class ListensAfterItsClose extends Remembering {
        @Override
        public Acceptor listen(SocketAddress local, int backlog, SocketOptions options, AcceptListener listener)
                throws IOException {
            return closed ? new PassingAcceptor() : super.listen(local, backlog, options, listener);
        }
    }

    static final class KeepsASocketThatItCanNotOpen extends Remembering {
        @Override
        public Wire open(AcceptedSocket socket, SocketOptions options, WireListener listener) {
            if (closed) {
                throw new IllegalStateException("closed");
            }
            return super.open(socket, options, listener);
        }
    }

    static final class ThrowsWhenItIsClosedTwice extends Remembering {
        @Override
        public void close() {
            if (closed) {
                throw new AssertionError("closed already");
            }
            super.close();
        }
    }

    static final class CanNotBeWokenUpAfterItsClose extends Remembering {
        @Override
        public void wakeup() {
            if (closed) {
                throw new AssertionError("write to a descriptor that was given back");
            }
            super.wakeup();
        }
    }

    static final class ItsWiresOutliveIt extends Remembering {
        ItsWiresOutliveIt() {
            wire = () -> new PassingWire() {
                @Override
                public void write(ByteBuf buffer) {
                    if (!closed) {
                        super.write(buffer);
                    }
                }
            };
        }
    }

    static final class GoesOnTellingThoughItWasClosedWithin extends PassingSelector {
        private boolean selecting;
        private boolean closed;

        @Override
        public void select(long timeoutNanos) throws IOException {
            selecting = true;
            super.select(timeoutNanos);
            selecting = false;
            if (closed) {
                wires.forEach(each -> each.listener.closed(null));
            }
        }

        @Override
        public void close() {
            closed |= selecting;
            super.close();
        }
    }

    /** Keeps writing buffers that it has released already. */
    static final class ReleasesAtItsCloseWhatItWrites extends PassingSelector {
        private final List<ByteBuf> given = new ArrayList<>();
        private boolean closing;

        ReleasesAtItsCloseWhatItWrites() {
            wire = () -> new PassingWire() {
                @Override
                public void write(ByteBuf buffer) {
                    given.add(buffer);
                    super.write(Unpooled.wrappedBuffer(buffer.nioBuffer()));
                }

                @Override
                public void written(long bytes) {
                    if (!closing) {
                        super.written(bytes);
                    }
                }
            };
        }

        @Override
        public void close() {
            boolean first = !closing;
            closing = true;
            given.forEach(ByteBuf::release);
            given.clear();
            try {
                for (int i = 0; i < 3 && first && !wires.isEmpty(); i++) {
                    real.select(0);
                }
            } catch (IOException e) {
                throw new AssertionError(e);
            }
            super.close();
        }
    }

    static final class DropsASocketWhoseListenerThrows extends PassingAcceptor {
        @Override
        public void accepted(AcceptedSocket socket) {
            try {
                super.accepted(socket);
            } catch (RuntimeException | Error e) {
                real.pause();
                listener.failed(new IOException(e));
            }
        }
    }

    static final class TellsOfAFailureAfterItsClose extends PassingAcceptor {
        @Override
        public void accepted(AcceptedSocket socket) {
            try {
                super.accepted(socket);
            } catch (RuntimeException | Error e) {
                socket.close();
                real.pause();
                listener.failed(new IOException(e));
            }
        }
    }

    static final class LetsThroughWhatAHandlerThrows extends PassingSelector {
        private Throwable thrown;

        LetsThroughWhatAHandlerThrows() {
            wire = () -> new PassingWire() {
                @Override
                public void closed(Throwable cause) {
                    try {
                        super.closed(cause);
                    } catch (AssertionError e) {
                        thrown = e;
                    }
                }
            };
        }

        @Override
        public void select(long timeoutNanos) throws IOException {
            super.select(timeoutNanos);
            Throwable e = thrown;
            thrown = null;
            if (e != null) {
                Thread driver = Thread.currentThread();
                driver.getUncaughtExceptionHandler().uncaughtException(driver, e);
            }
        }
    }

    static final class TakesAnArenaWithIt extends PassingSelector {
        static final List<Arena> LEAKED = new ArrayList<>();

        @SuppressWarnings("MustBeClosedChecker") // the test closes it
        TakesAnArenaWithIt() {
            var arena = Arena.ofShared();
            arena.allocate(64);
            LEAKED.add(arena);
        }
    }

    static final class LeaksDirectMemory extends PassingWire {
        static final List<ByteBuffer> LEAKED = new ArrayList<>();

        @Override
        public void connected() {
            LEAKED.add(ByteBuffer.allocateDirect(32 * 1024 * 1024));
            super.connected();
        }
    }

    static final class LeaksASelector extends PassingWire {
        static final List<Selector> LEAKED = new ArrayList<>();

        @Override
        public void connected() {
            try {
                LEAKED.add(Selector.open());
            } catch (IOException e) {
                throw new AssertionError(e);
            }
            super.connected();
        }
    }

    static final class LeaksADaemon extends PassingSelector {
        LeaksADaemon() {
            SelectorFaults.LeaksAThread.LEAKED.add(Thread.ofPlatform()
                    .daemon()
                    .name("housekeeping")
                    .start(SelectorFaults.LeaksAThread::untilInterrupted));
        }
    }

    // ---- listeners that throw

    static final class LetsThroughWhatAListenerThrows extends PassingSelector {
        private Throwable thrown;

        LetsThroughWhatAListenerThrows() {
            wire = () -> new PassingWire() {
                @Override
                public void received(ByteBuf bytes) {
                    try {
                        super.received(bytes);
                    } catch (AssertionError e) {
                        thrown = e;
                    }
                }
            };
            acceptor = () -> new PassingAcceptor() {
                @Override
                public void accepted(AcceptedSocket socket) {
                    try {
                        super.accepted(socket);
                    } catch (AssertionError e) {
                        thrown = e;
                    }
                }
            };
        }

        @Override
        public void select(long timeoutNanos) throws IOException {
            super.select(timeoutNanos);
            if (thrown != null) {
                Throwable e = thrown;
                thrown = null;
                throw new IllegalStateException(e);
            }
        }
    }

    static final class GoesOnAfterAListenerHasThrown extends PassingSelector {
        GoesOnAfterAListenerHasThrown() {
            wire = () -> new PassingWire() {
                @Override
                public void received(ByteBuf bytes) {
                    try {
                        super.received(bytes);
                    } catch (AssertionError e) {
                        // as if nothing had happened
                    }
                }

                @Override
                public void connected() {
                    try {
                        super.connected();
                    } catch (AssertionError e) {
                        // as if nothing had happened
                    }
                }
            };
            acceptor = () -> new PassingAcceptor() {
                @Override
                public void accepted(AcceptedSocket socket) {
                    try {
                        super.accepted(socket);
                    } catch (AssertionError e) {
                        // as if nothing had happened
                    }
                }
            };
        }
    }

    static final class ClosesEveryWireIfOneListenerThrows extends PassingSelector {
        ClosesEveryWireIfOneListenerThrows() {
            wire = () -> new PassingWire() {
                @Override
                public void received(ByteBuf bytes) {
                    try {
                        super.received(bytes);
                    } catch (AssertionError e) {
                        for (PassingWire each : wires) {
                            if (each != this) {
                                each.real.abort();
                            }
                        }
                        throw e;
                    }
                }
            };
        }
    }

    static final class FailsForWantOfAReceiveBuffer extends PassingSelector {
        @Override
        public void select(long timeoutNanos) throws IOException {
            super.select(timeoutNanos);
            receiveBuffer.get().clear(); // in advance, on behalf of no connection in particular
        }
    }

    static final class LetsAListenerUseItsOwnWireAlone extends PassingSelector {
        private PassingWire telling;

        LetsAListenerUseItsOwnWireAlone() {
            wire = () -> new PassingWire() {
                @Override
                public void received(ByteBuf bytes) {
                    telling = this;
                    super.received(bytes);
                    telling = null;
                }

                @Override
                public void write(ByteBuf buffer) {
                    if (telling == null || telling == this) {
                        super.write(buffer);
                    } else {
                        buffer.release();
                    }
                }
            };
        }
    }
}
