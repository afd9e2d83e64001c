package rill.transport.nio;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import rill.spi.AcceptListener;
import rill.spi.AcceptedSocket;
import rill.spi.Acceptor;
import rill.spi.Selector;
import rill.spi.SocketOptions;
import rill.spi.Wire;
import rill.testing.UnderTest;

/** Writes to a Wire until there is no memory for its queue, in a JVM of its own. Says what becomes of the buffers, and of the Wire. */
final class FullQueueMain {
    private static final SocketAddress ANY_PORT = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    private FullQueueMain() {}

    public static void main(String[] arguments) throws Exception {
        ByteBuf receive = Unpooled.directBuffer(1024, 1024);
        Selector selector = UnderTest.transport().open(receive::clear);
        Acceptor acceptor = selector.listen(ANY_PORT, 0, SocketOptions.none(), new AcceptListener() {
            @Override
            public void accepted(AcceptedSocket socket) {
                socket.close();
            }

            @Override
            public void failed(IOException cause) {
                throw new AssertionError(cause);
            }
        });
        var events = new Events();
        Wire wire = selector.connect(acceptor.localAddress(), null, SocketOptions.none(), events);
        ByteBuf buffer = Unpooled.directBuffer(1).writeByte(1);
        int queued = fill(wire, buffer);
        System.out.println("references beyond those of the queue: " + (buffer.refCnt() - queued));
        wire.abort();
        System.out.println("references once it is closed: " + buffer.refCnt());
        while (!events.closed) {
            selector.select(1_000_000);
        }
        System.out.println("closed, because of " + events.cause);
        selector.close();
    }

    /** Returns how often the buffer was taken. */
    private static int fill(Wire wire, ByteBuf buffer) {
        int queued = 0;
        try {
            while (true) {
                buffer.retain();
                wire.write(buffer);
                queued++;
            }
        } catch (OutOfMemoryError full) {
            return queued;
        }
    }
}
