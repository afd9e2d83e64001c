package rill.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import rill.Connection;
import rill.Listener;
import rill.Loop;
import rill.Pipeline;
import rill.testkit.memory.MemoryTransport;

/** A server that sends what its handler says, byte by byte, and records the requests. */
final class ScriptedServer {
    /** The connection of a client. */
    static final class Peer {
        private final Connection<ByteBuf, ByteBuf> connection;
        private final StringBuilder seen = new StringBuilder();
        final int number; // of the connection, from 0
        int requests;

        Peer(Connection<ByteBuf, ByteBuf> connection, int number) {
            this.connection = connection;
            this.number = number;
        }

        Peer say(String text) {
            connection.write(Unpooled.copiedBuffer(text.replace("\n", "\r\n"), StandardCharsets.ISO_8859_1));
            return this;
        }

        Peer sayBytes(byte[] bytes) {
            connection.write(Unpooled.wrappedBuffer(bytes));
            return this;
        }

        /** The number of bytes that it has said and that have not left. */
        long pending() {
            return connection.pending();
        }

        void close() {
            connection.close();
        }

        void reset() {
            connection.abort();
        }
    }

    final List<Peer> peers = new ArrayList<>();
    final List<String> requests = new ArrayList<>();
    final int port;
    final Listener listener;

    /**
     * @param handler receives each request as text: a head, and its body if there is a Content-Length or the body is in chunks
     */
    ScriptedServer(Loop loop, BiConsumer<Peer, String> handler) throws IOException {
        listener = loop.listen(MemoryTransport.ANY, Pipeline.bytes(), connection -> {
                    var peer = new Peer(connection, peers.size());
                    peers.add(peer);
                    connection.onFailure(failure -> {});
                    connection.onMessage(bytes -> {
                        peer.seen.append(bytes.toString(StandardCharsets.ISO_8859_1));
                        bytes.release();
                        for (int end = end(peer.seen); end > 0; end = end(peer.seen)) {
                            String request = peer.seen.substring(0, end);
                            peer.seen.delete(0, end);
                            requests.add(request);
                            peer.requests++;
                            handler.accept(peer, request);
                        }
                    });
                })
                .await();
        port = ((InetSocketAddress) listener.address()).getPort();
    }

    private static int end(StringBuilder seen) {
        int head = seen.indexOf("\r\n\r\n");
        if (head < 0) {
            return -1;
        }
        String text = seen.substring(0, head + 2).toLowerCase(java.util.Locale.ROOT);
        if (text.contains("expect: 100-continue\r\n")) {
            return head + 4;
        }
        int length = text.indexOf("content-length: ");
        if (length >= 0) {
            int size = Integer.parseInt(text.substring(length + 16, text.indexOf("\r\n", length)));
            return seen.length() >= head + 4 + size ? head + 4 + size : -1;
        }
        if (text.contains("transfer-encoding: chunked")) {
            int last = seen.indexOf("\r\n0\r\n\r\n", head + 2);
            return last < 0 ? -1 : last + 7;
        }
        return head + 4;
    }

    String uri() {
        return "http://127.0.0.1:" + port;
    }
}
