package rill.testkit;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.util.ArrayList;
import rill.spi.AcceptedSocket;
import rill.spi.SocketOptions;
import rill.spi.Wire;
import rill.spi.WireListener;

/** Faults with options and addresses. */
final class OptionFaults {
    private OptionFaults() {}

    static final class SetDoesNothing extends PassingWire {
        @Override
        public <T> void set(SocketOption<T> option, T value) throws IOException {
            super.get(option); // refuses an option that does not exist
        }
    }

    static final class IgnoresOptionsOfOpen extends PassingSelector {
        @Override
        public Wire open(AcceptedSocket socket, SocketOptions options, WireListener listener) {
            return super.open(socket, SocketOptions.none(), listener);
        }
    }

    static final class AppliesOptionsBackwards extends PassingSelector {
        private static final class Collected implements SocketOptions.Setter<RuntimeException> {
            private final ArrayList<Runnable> calls = new ArrayList<>();
            private SocketOptions turned = SocketOptions.none();

            @Override
            public <T> void set(SocketOption<T> option, T value) {
                calls.addFirst(() -> turned = turned.with(option, value));
            }
        }

        @Override
        public Wire connect(SocketAddress remote, SocketAddress local, SocketOptions options, WireListener listener) {
            var collected = new Collected();
            options.applyTo(collected);
            collected.calls.forEach(Runnable::run);
            return super.connect(remote, local, collected.turned, listener);
        }
    }

    static final class RefusesWhatLoopsAskFor extends PassingSelector {
        @Override
        public Wire connect(SocketAddress remote, SocketAddress local, SocketOptions options, WireListener listener) {
            if (options.toString().contains("NODELAY")) {
                throw new IllegalArgumentException("there is no option TCP_NODELAY");
            }
            return super.connect(remote, local, options, listener);
        }
    }

    static final class Lingers extends PassingSelector {
        Lingers() {
            wire = () -> new PassingWire() {
                @Override
                public <T> void set(SocketOption<T> option, T value) throws IOException {
                    if (option != StandardSocketOptions.SO_LINGER) {
                        super.set(option, value);
                    }
                }
            };
        }
    }

    static final class LooksNamesUp extends PassingSelector {
        @Override
        public Wire connect(SocketAddress remote, SocketAddress local, SocketOptions options, WireListener listener) {
            boolean unresolved = remote instanceof InetSocketAddress inet && inet.isUnresolved();
            SocketAddress found = unresolved ? new InetSocketAddress(InetAddress.getLoopbackAddress(), 1) : remote;
            return super.connect(found, local, options, listener);
        }
    }
}
