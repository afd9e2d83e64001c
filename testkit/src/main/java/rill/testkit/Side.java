package rill.testkit;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;
import rill.spi.AcceptedSocket;
import rill.spi.Acceptor;
import rill.spi.Selector;
import rill.spi.SocketOptions;
import rill.spi.Transport;
import rill.spi.Wire;

/** A Selector of the transport under test, with the receive buffer that a loop would give it. */
final class Side {
    static final int RECEIVE_BUFFER = 16 * 1024;

    private final Rig rig;
    private final Selector selector;
    private final Thread thread = Thread.currentThread();
    private ByteBuf receive = Unpooled.directBuffer(RECEIVE_BUFFER, RECEIVE_BUFFER);
    private boolean selecting;
    private boolean inCallback;

    Side(Rig rig, Transport transport) throws IOException {
        this.rig = rig;
        selector = transport.open(this::receiveBuffer);
    }

    private ByteBuf receiveBuffer() {
        rig.require(Thread.currentThread() == thread, "a receive buffer is asked for on the loop only");
        if (receive.refCnt() > 1) { // somebody retained it: it is that one's now
            receive.release();
            receive = Unpooled.directBuffer(RECEIVE_BUFFER, RECEIVE_BUFFER);
        }
        return receive.clear();
    }

    Selector selector() {
        return selector;
    }

    void select(long timeoutNanos) {
        selecting = true;
        try {
            selector.select(timeoutNanos);
        } catch (IOException e) {
            throw new AssertionError("select failed although nothing is wrong with the selector", e);
        } finally {
            selecting = false;
        }
        rig.verify();
    }

    End connect(SocketAddress remote) {
        return connect(remote, null, SocketOptions.none());
    }

    End connect(SocketAddress remote, @Nullable SocketAddress local, SocketOptions options) {
        var end = new End(rig, this);
        Wire wire = selector.connect(remote, local, options, end);
        end.wire(wire);
        return end;
    }

    End open(AcceptedSocket socket) {
        var end = new End(rig, this);
        end.wire(selector.open(socket, SocketOptions.none(), end));
        return end;
    }

    Acceptor listen(SocketAddress local, Incoming incoming) throws IOException {
        return listen(local, 0, incoming);
    }

    Acceptor listen(SocketAddress local, int backlog, Incoming incoming) throws IOException {
        Acceptor acceptor = selector.listen(local, backlog, SocketOptions.none(), incoming);
        incoming.by(acceptor);
        return acceptor;
    }

    /** A callback's frame: only within select, and never inside of another one. */
    void callback(String event, Runnable body) {
        rig.require(selecting, event + " was delivered outside of select");
        rig.require(!inCallback, event + " was delivered inside of another callback");
        inCallback = true;
        try {
            body.run();
        } catch (RuntimeException | Error e) {
            rig.failed(e); // a listener never throws
        } finally {
            inCallback = false;
        }
    }

    void close() {
        selector.close();
        rig.require(receive.refCnt() == 1, "the receive buffer was released, or is still held after close");
        if (receive.refCnt() > 0) {
            receive.release(receive.refCnt());
        }
    }
}
