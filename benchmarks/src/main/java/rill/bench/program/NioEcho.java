package rill.bench.program;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A bare NIO loop: the least that Java can do, and so the limit for everything built on NIO. */
public final class NioEcho implements Server {
    private static final int BUFFER = 65536;

    private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER);

    /** Created by {@link ServerMain}. */
    public NioEcho() {}

    @Override
    public int listen(List<String> options) throws IOException {
        var selector = Selector.open();
        var listener = ServerSocketChannel.open();
        listener.bind(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0), 4096);
        listener.configureBlocking(false);
        listener.register(selector, SelectionKey.OP_ACCEPT);
        Thread.ofPlatform().name("echo").daemon().start(() -> loop(selector));
        return ((InetSocketAddress) listener.getLocalAddress()).getPort();
    }

    private void loop(Selector selector) {
        try {
            while (true) {
                selector.select(this::ready);
            }
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private void ready(SelectionKey key) {
        try {
            if (key.isAcceptable()) {
                accept(key);
            } else if (key.attachment() == null) {
                read(key);
            } else {
                writeRest(key, (ByteBuffer) key.attachment());
            }
        } catch (IOException e) {
            close(key);
        }
    }

    private static void accept(SelectionKey key) throws IOException {
        @Nullable SocketChannel accepted = ((ServerSocketChannel) key.channel()).accept();
        if (accepted != null) {
            accepted.configureBlocking(false);
            accepted.setOption(StandardSocketOptions.TCP_NODELAY, true);
            accepted.register(key.selector(), SelectionKey.OP_READ);
        }
    }

    private void read(SelectionKey key) throws IOException {
        var channel = (SocketChannel) key.channel();
        buffer.clear();
        if (channel.read(buffer) < 0) {
            close(key);
            return;
        }
        buffer.flip();
        channel.write(buffer);
        if (buffer.hasRemaining()) {
            key.attach(ByteBuffer.allocateDirect(buffer.remaining()).put(buffer).flip());
            key.interestOps(SelectionKey.OP_WRITE);
        }
    }

    private static void writeRest(SelectionKey key, ByteBuffer rest) throws IOException {
        ((SocketChannel) key.channel()).write(rest);
        if (!rest.hasRemaining()) {
            key.attach(null);
            key.interestOps(SelectionKey.OP_READ);
        }
    }

    private static void close(SelectionKey key) {
        key.cancel();
        try {
            key.channel().close();
        } catch (IOException e) {
            System.err.println("close: " + e); // nothing else can be done
        }
    }
}
