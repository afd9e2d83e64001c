package rill.transport.nio;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.Supplier;
import rill.spi.AcceptListener;
import rill.spi.SocketOptions;
import rill.spi.WireListener;
import rill.spi.readiness.ReadinessAccepted;
import rill.spi.readiness.ReadinessAcceptor;
import rill.spi.readiness.ReadinessSelector;
import rill.spi.readiness.ReadinessWire;
import rill.spi.readiness.Watched;

/** A Wire without a system below it. A test overrides the calls that it is about; the others do nothing and never fail. */
class ScriptedWire extends ReadinessWire {
    private final Nothing selector;
    final List<Long> polls = new ArrayList<>(); // the timeouts, in order
    boolean noDescriptor; // for another Wire

    ScriptedWire(Supplier<ByteBuf> receiveBuffer, WireListener listener) {
        super(listener);
        this.selector = new Nothing(receiveBuffer, this);
    }

    /** Connects, and notifies the listener. */
    void open() throws IOException {
        selector.connect(OnNio.ANY_PORT, null, SocketOptions.none(), new Events()); // its own listener is notified
        select();
    }

    /** Connects another Wire on the same selector. */
    void connectAnother(WireListener listener) {
        selector.connect(OnNio.ANY_PORT, null, SocketOptions.none(), listener);
    }

    /** Delivers the events that no readiness announces. */
    void select() throws IOException {
        select(0);
    }

    void select(long timeoutNanos) throws IOException {
        selector.select(timeoutNanos);
    }

    @Override
    protected ReadinessSelector<?> selector() {
        return selector;
    }

    @Override
    protected void bind(SocketAddress local) {}

    @Override
    protected Progress connect(SocketAddress remote) {
        return Progress.DONE;
    }

    @Override
    protected boolean finishConnect() {
        return true;
    }

    @Override
    protected void interest(boolean read, boolean write) throws IOException {}

    @Override
    protected int read(ByteBuf target) throws IOException {
        return 0;
    }

    @Override
    protected long write(ByteBuf[] buffers, int from, int count) throws IOException {
        return 0;
    }

    @Override
    protected void endOutput() {}

    @Override
    protected void closeSocket(boolean reset) {}

    @Override
    protected <T> void option(SocketOption<T> option, T value) {}

    @Override
    protected <T> T option(SocketOption<T> option) {
        return null;
    }

    @Override
    protected void learnOwnAddress() throws IOException {}

    @Override
    protected SocketAddress ownAddress() {
        return OnNio.ANY_PORT;
    }

    @Override
    public SocketAddress remoteAddress() {
        return OnNio.ANY_PORT;
    }

    /** Connects this one Wire, and never finds anything ready. */
    private static final class Nothing extends ReadinessSelector<ReadinessAccepted> {
        private final ScriptedWire only;

        Nothing(Supplier<ByteBuf> receiveBuffer, ScriptedWire only) {
            super("nothing", ReadinessAccepted.class, receiveBuffer);
            this.only = only;
        }

        @Override
        protected void poll(long timeoutNanos) {
            only.polls.add(timeoutNanos);
        }

        @Override
        protected Collection<Watched> watched() {
            return List.of(only);
        }

        @Override
        protected void closeSelector() {}

        @Override
        protected boolean knows(SocketAddress address) {
            return true;
        }

        @Override
        protected ReadinessWire newWire(SocketAddress remote, SocketAddress local, WireListener listener)
                throws IOException {
            if (only.noDescriptor) {
                throw new IOException("Too many open files");
            }
            return only;
        }

        @Override
        protected ReadinessWire newWire(ReadinessAccepted socket, WireListener listener) {
            return only;
        }

        @Override
        protected ReadinessAcceptor newAcceptor(SocketAddress local, AcceptListener listener) throws IOException {
            throw new IOException("nobody listens here");
        }

        @Override
        public void wakeup() {}
    }
}
