package rill.transport.epoll;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.List;
import rill.spi.AcceptListener;
import rill.spi.AcceptedSocket;
import rill.spi.Acceptor;
import rill.spi.Selector;
import rill.spi.SocketOptions;
import rill.spi.Wire;
import rill.spi.WireListener;
import rill.transport.epoll.linux.Errno;
import rill.transport.epoll.linux.SystemCall;

/** Prints how rare errors are reported. {@link RareErrorsTest} runs it in a separate JVM, since it makes calls fail. */
final class RareErrorsMain {
    private static final long TICK = 10_000_000;
    private static final int MOST_TICKS = 500;

    private final Selector selector;

    private RareErrorsMain(Selector selector) {
        this.selector = selector;
    }

    public static void main(String[] arguments) throws Exception {
        ByteBuf receive = Unpooled.directBuffer(16 * 1024, 16 * 1024);
        for (int errno : new int[] {Errno.EOPNOTSUPP, Errno.EACCES, Errno.ENOSYS, Errno.EPERM}) {
            Selector selector = new EpollTransport().open(receive::clear);
            FailingCalls.fail(SystemCall.EPOLL_PWAIT2, 1, errno);
            try {
                selector.select(1_000_000);
                selector.select(1_000_000);
                System.out.println("WAITED in spite of " + errno);
            } catch (IOException e) {
                System.out.println("BROKEN by " + errno + ": " + e);
            }
            selector.close();
        }
        Selector selector = new EpollTransport().open(receive::clear);
        var main = new RareErrorsMain(selector);
        System.out.println("READ " + main.readFails(Errno.ETIMEDOUT));
        System.out.println("NO FAMILY " + main.withoutFamily(InetAddress.ofLiteral("::1")));
        System.out.println("NO FAMILY " + main.listenWithoutFamily(InetAddress.ofLiteral("::1")));
        selector.close();
        receive.release();
    }

    /** Returns the reported cause when a read of an established connection fails. */
    private Throwable readFails(int errno) throws IOException {
        var accepted = new ArrayList<AcceptedSocket>();
        Acceptor acceptor = selector.listen(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                0,
                SocketOptions.none(),
                new Keeping(accepted));
        var client = new Told();
        Wire wire = selector.connect(acceptor.localAddress(), null, SocketOptions.none(), client);
        for (int n = 0; n < MOST_TICKS && (accepted.isEmpty() || !client.connected); n++) {
            selector.select(TICK);
        }
        Wire server = selector.open(accepted.getFirst(), SocketOptions.none(), new Told());
        server.write(Unpooled.copyInt(1));
        selector.select(TICK);
        FailingCalls.fail(SystemCall.RECVFROM, 1, errno);
        server.flush();
        Throwable cause = outcome(client);
        wire.close();
        acceptor.close();
        return cause;
    }

    private Throwable withoutFamily(InetAddress host) throws IOException {
        SocketAddress address = new InetSocketAddress(host, 1);
        FailingCalls.fail(SystemCall.SOCKET, 1, Errno.EAFNOSUPPORT);
        var told = new Told();
        selector.connect(address, null, SocketOptions.none(), told);
        return outcome(told);
    }

    private Throwable listenWithoutFamily(InetAddress host) {
        FailingCalls.fail(SystemCall.SOCKET, 1, Errno.EAFNOSUPPORT);
        try {
            selector.listen(new InetSocketAddress(host, 0), 0, SocketOptions.none(), new Keeping(List.of()));
            return null;
        } catch (IOException e) {
            return e;
        }
    }

    private Throwable outcome(Told told) throws IOException {
        for (int n = 0; n < MOST_TICKS && !told.closed; n++) {
            selector.select(TICK);
        }
        return told.cause;
    }

    private record Keeping(List<AcceptedSocket> sockets) implements AcceptListener {
        @Override
        public void accepted(AcceptedSocket socket) {
            sockets.add(socket);
        }

        @Override
        public void failed(IOException cause) {
            System.out.println("FAILED " + cause);
        }
    }

    private static final class Told implements WireListener {
        private boolean connected;
        private boolean closed;
        private Throwable cause;

        @Override
        public void connected() {
            connected = true;
        }

        @Override
        public void received(ByteBuf bytes) {}

        @Override
        public void written(long bytes) {}

        @Override
        public void writeFailed(Throwable why) {}

        @Override
        public void inputEnded() {}

        @Override
        public void closed(Throwable why) {
            closed = true;
            cause = why;
        }
    }
}
