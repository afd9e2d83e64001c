package rill.testkit;

import java.io.IOException;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.List;
import rill.spi.AcceptListener;
import rill.spi.AcceptedSocket;
import rill.spi.Acceptor;
import rill.spi.SocketOptions;
import rill.spi.Wire;
import rill.spi.WireListener;

/** Faults in accepting connections. */
final class ListenFaults {
    private ListenFaults() {}

    static final class ClosesWhatItHasAccepted extends PassingAcceptor {
        private final List<AcceptedSocket> sockets = new ArrayList<>();

        @Override
        public void accepted(AcceptedSocket socket) {
            sockets.add(socket);
            super.accepted(socket);
        }

        @Override
        public void close() {
            super.close();
            sockets.forEach(AcceptedSocket::close);
        }
    }

    static final class ClosesItsSelectorsAcceptedSockets extends PassingSelector {
        private final List<AcceptedSocket> sockets = new ArrayList<>();

        ClosesItsSelectorsAcceptedSockets() {
            acceptor = () -> new PassingAcceptor() {
                @Override
                public void accepted(AcceptedSocket socket) {
                    sockets.add(socket);
                    super.accepted(socket);
                }
            };
        }

        @Override
        public void close() {
            super.close();
            sockets.forEach(AcceptedSocket::close);
        }
    }

    static final class OpensOnItsOwnThreadAlone extends PassingSelector {
        private static Thread accepting;

        OpensOnItsOwnThreadAlone() {
            acceptor = () -> new PassingAcceptor() {
                @Override
                public void accepted(AcceptedSocket socket) {
                    accepting = Thread.currentThread();
                    super.accepted(socket);
                }
            };
        }

        @Override
        public Wire open(AcceptedSocket socket, SocketOptions options, WireListener listener) {
            if (Thread.currentThread() != accepting) {
                throw new IllegalStateException("accepted by another thread");
            }
            return super.open(socket, options, listener);
        }
    }

    static final class AcceptsWithoutABound extends PassingAcceptor {
        private final List<AcceptedSocket> held = new ArrayList<>();

        @Override
        public void accepted(AcceptedSocket socket) {
            held.add(socket);
            if (held.size() > 100) {
                held.forEach(super::accepted);
                held.clear();
            }
        }
    }

    static final class ConnectsWhoeverComes extends PassingSelector {
        ConnectsWhoeverComes() {
            wire = () -> new PassingWire() {
                private boolean told;

                @Override
                public void connected() {
                    if (!told) {
                        told = true;
                        super.connected();
                    }
                }
            };
            accepted = PassingWire::new;
        }

        @Override
        public Wire connect(SocketAddress remote, SocketAddress local, SocketOptions options, WireListener listener) {
            var made = (PassingWire) super.connect(remote, local, options, listener);
            later.add(made::connected);
            return made;
        }
    }

    static final class StumblesOverAClientThatHasGone extends PassingSelector {
        StumblesOverAClientThatHasGone() {
            acceptor = () -> new PassingAcceptor() {
                @Override
                public void accepted(AcceptedSocket socket) {
                    if (gone > 0) {
                        gone--;
                        socket.close();
                        listener.failed(new IOException("Software caused connection abort"));
                    } else {
                        super.accepted(socket);
                    }
                }
            };
            wire = () -> new PassingWire() {
                private boolean connected;

                @Override
                public void connected() {
                    connected = true;
                    super.connected();
                }

                @Override
                public void abort() {
                    gone += connected ? 0 : 1;
                    super.abort();
                }
            };
        }

        private int gone;
    }

    static final class GivesItsAddressBackLate extends PassingAcceptor {
        @Override
        public void close() {
            real.pause();
            selector.later.add(super::close);
        }
    }

    static final class ThrowsAfterItsClose extends PassingAcceptor {
        private boolean closed;

        @Override
        public void close() {
            closed = true;
            super.close();
        }

        @Override
        public void resume() {
            if (closed) {
                throw new AssertionError("a key that was cancelled");
            }
            super.resume();
        }
    }

    static final class RefusesToListenWithinACallback extends PassingSelector {
        private boolean selecting;

        @Override
        public void select(long timeoutNanos) throws IOException {
            selecting = true;
            super.select(timeoutNanos);
            selecting = false;
        }

        @Override
        public Acceptor listen(SocketAddress local, int backlog, SocketOptions options, AcceptListener listener)
                throws IOException {
            if (selecting) {
                throw new IOException("busy");
            }
            return super.listen(local, backlog, options, listener);
        }
    }

    static final class EndsThoseWhoWaited extends PassingWire {
        private boolean connected;

        @Override
        public void connected() {
            connected = true;
            super.connected();
        }

        @Override
        public void closed(Throwable cause) {
            if (!connected && cause != null) {
                super.connected();
                super.inputEnded();
            }
            super.closed(cause);
        }
    }
}
