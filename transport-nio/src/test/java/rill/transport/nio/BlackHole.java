package rill.transport.nio;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/** An address that never answers: its listener accepts nothing, and the listener's backlog is full. */
final class BlackHole implements AutoCloseable {
    private static final int ENOUGH = 16;
    private static final long SETTLED_NANOS = 20_000_000;

    private final java.net.ServerSocket server;
    private final List<SocketChannel> filling = new ArrayList<>();

    BlackHole() throws IOException {
        server = new java.net.ServerSocket();
        server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 1);
        boolean full = false;
        while (!full && filling.size() < ENOUGH) {
            SocketChannel channel = SocketChannel.open();
            filling.add(channel);
            channel.configureBlocking(false);
            channel.connect(address());
            full = !connects(channel);
        }
        if (!full) {
            throw new AssertionError("the backlog takes more than it was told to");
        }
    }

    /** A connection over the loopback is established within the call, or never. */
    private static boolean connects(SocketChannel channel) throws IOException {
        long deadline = System.nanoTime() + SETTLED_NANOS;
        while (!channel.finishConnect()) {
            if (System.nanoTime() > deadline) {
                return false;
            }
            LockSupport.parkNanos(100_000);
        }
        return true;
    }

    InetSocketAddress address() {
        return (InetSocketAddress) server.getLocalSocketAddress();
    }

    @Override
    public void close() throws IOException {
        for (SocketChannel each : filling) {
            each.close();
        }
        server.close();
    }
}
