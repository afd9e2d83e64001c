package rill.testkit;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.SocketAddress;
import java.util.function.Supplier;
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
    private Thread driver = Thread.currentThread();
    private ByteBuf receive = Unpooled.directBuffer(RECEIVE_BUFFER, RECEIVE_BUFFER);
    private boolean selecting;
    private boolean inCallback;
    private boolean closed;
    private @Nullable Supplier<? extends RuntimeException> noMemory;

    Side(Rig rig, Transport transport) throws IOException {
        this.rig = rig;
        selector = transport.open(this::receiveBuffer);
    }

    private ByteBuf receiveBuffer() {
        rig.require(
                Thread.currentThread() == driver && selecting,
                Rule.RECEIVE_BUFFER,
                "a receive buffer was asked for outside of select, or on another thread");
        if (noMemory != null) {
            throw noMemory.get();
        }
        if (receive.refCnt() > 1) { // retained, so it belongs to its new holder now
            receive.release();
            receive = Unpooled.directBuffer(RECEIVE_BUFFER, RECEIVE_BUFFER);
        }
        return receive.clear();
    }

    Selector selector() {
        return selector;
    }

    boolean isClosed() {
        return closed;
    }

    /** From now on there is no memory to read into, until null is passed. */
    void receiveBuffers(@Nullable Supplier<? extends RuntimeException> fail) {
        noMemory = fail;
    }

    void select(long timeoutNanos) {
        driver = Thread.currentThread();
        selecting = true;
        rig.watch.begins("select", timeoutNanos);
        try {
            selector.select(timeoutNanos);
        } catch (IOException | RuntimeException | Error e) {
            throw new Rule.Broken(
                    Rule.SELECT_HOLDS, "select failed although nothing is wrong with the selector: " + e, e);
        } finally {
            selecting = false;
            rig.watch.ends();
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
        return open(socket, SocketOptions.none());
    }

    End open(AcceptedSocket socket, SocketOptions options) {
        var end = new End(rig, this);
        end.wire(selector.open(socket, options, end));
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

    /** Frames a callback: it may run only within select, and never inside of another callback. */
    void callback(String event, Runnable body) {
        rig.require(selecting, Rule.WITHIN_SELECT, event + " was delivered outside of select");
        rig.require(
                Thread.currentThread() == driver,
                Rule.WITHIN_SELECT,
                event + " was delivered on another thread than that of select");
        rig.require(!inCallback, Rule.NOT_INLINE, event + " was delivered inside of another callback");
        rig.require(!closed, Rule.NO_EVENTS_AFTER, event + " was told after the Selector had been closed");
        inCallback = true;
        try {
            body.run();
        } catch (RuntimeException | Error e) {
            rig.failed(e); // a listener never throws
        } finally {
            inCallback = false;
        }
    }

    /** Closes the Selector as part of a test; {@link #close} checks what is left. */
    void closeSelector() {
        closed = true;
        selector.close();
    }

    void close() {
        closeSelector();
        rig.require(receive.refCnt() == 1, "the receive buffer was released, or is still held after close");
        if (receive.refCnt() > 0) {
            receive.release(receive.refCnt());
        }
    }
}
