package rill.testkit;

import java.io.IOException;
import java.net.SocketAddress;
import rill.spi.AcceptListener;
import rill.spi.AcceptedSocket;
import rill.spi.Acceptor;

/** Passes everything to an Acceptor and from it. A planted fault overrides one thing. */
class PassingAcceptor implements Acceptor, AcceptListener {
    AcceptListener listener;
    Acceptor real;
    PassingSelector selector;

    @Override
    public void accepted(AcceptedSocket socket) {
        listener.accepted(socket);
    }

    @Override
    public void failed(IOException cause) {
        listener.failed(cause);
    }

    @Override
    public SocketAddress localAddress() {
        return real.localAddress();
    }

    @Override
    public void pause() {
        real.pause();
    }

    @Override
    public void resume() {
        real.resume();
    }

    @Override
    public void close() {
        real.close();
    }
}
