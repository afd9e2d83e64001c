package rill.transport.nio;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import rill.spi.AcceptListener;
import rill.spi.AcceptedSocket;

/** Keeps the accepted sockets. */
final class Accepting implements AcceptListener {
    final List<AcceptedSocket> sockets = new ArrayList<>();

    @Override
    public void accepted(AcceptedSocket socket) {
        sockets.add(socket);
    }

    @Override
    public void failed(IOException cause) {
        throw new AssertionError(cause);
    }
}
