package rill.testkit;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.net.SocketAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import rill.spi.AcceptListener;
import rill.spi.AcceptedSocket;
import rill.spi.Acceptor;
import rill.spi.Selector;
import rill.spi.SocketOptions;
import rill.spi.Tally;
import rill.spi.Wire;
import rill.spi.WireListener;

/** Passes everything to a Selector, with its Wires and Acceptors wrapped. A planted fault overrides one thing. */
class PassingSelector implements Selector {
    /** What remains to be done, within the next select. */
    final ArrayDeque<Runnable> later = new ArrayDeque<>();

    final List<PassingWire> wires = new ArrayList<>();
    Selector real;
    Supplier<ByteBuf> receiveBuffer;
    Supplier<PassingWire> wire = PassingWire::new;
    Supplier<PassingWire> accepted; // for accepted sockets, if they get other Wires
    Supplier<PassingAcceptor> acceptor = PassingAcceptor::new;

    @Override
    public void select(long timeoutNanos) throws IOException {
        real.select(later.isEmpty() ? timeoutNanos : 0);
        for (int n = later.size(); n > 0; n--) {
            later.remove().run();
        }
    }

    @Override
    public void wakeup() {
        real.wakeup();
    }

    @Override
    public void tellInto(Tally tally) {
        real.tellInto(tally);
    }

    final PassingWire wrap(Supplier<PassingWire> made, WireListener listener) {
        PassingWire wrapped = made.get();
        wrapped.listener = listener;
        wrapped.selector = this;
        wires.add(wrapped);
        return wrapped;
    }

    @Override
    public Wire connect(SocketAddress remote, SocketAddress local, SocketOptions options, WireListener listener) {
        PassingWire wrapped = wrap(wire, listener);
        wrapped.real = real.connect(remote, local, options, wrapped);
        return wrapped;
    }

    @Override
    public Wire open(AcceptedSocket socket, SocketOptions options, WireListener listener) {
        PassingWire wrapped = wrap(accepted == null ? wire : accepted, listener);
        wrapped.real = real.open(socket, options, wrapped);
        return wrapped;
    }

    @Override
    public Acceptor listen(SocketAddress local, int backlog, SocketOptions options, AcceptListener listener)
            throws IOException {
        PassingAcceptor wrapped = acceptor.get();
        wrapped.listener = listener;
        wrapped.selector = this;
        wrapped.real = real.listen(local, backlog, options, wrapped);
        return wrapped;
    }

    @Override
    public void close() {
        real.close();
    }
}
