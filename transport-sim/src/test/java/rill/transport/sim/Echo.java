package rill.transport.sim;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import rill.Connection;
import rill.Future;
import rill.Loop;
import rill.Pipeline;

/** A server that echoes its input, and what its clients need. */
final class Echo {
    static final int PORT = 7;

    private Echo() {}

    /** What a serving host does when it starts. */
    static void serve(Host host) {
        host.loop("main").serve(host.address(PORT), Pipeline.bytes(), Future::of);
    }

    static InetSocketAddress at(String host) {
        return InetSocketAddress.createUnresolved(host, PORT);
    }

    static ByteBuf text(String text) {
        return Unpooled.copiedBuffer(text, StandardCharsets.US_ASCII);
    }

    static Future<Connection<ByteBuf, ByteBuf>> connect(Loop loop) {
        return loop.connect(at("server"), Pipeline.bytes());
    }

    /** In a Task: sends a text, and receives as many bytes. */
    static String say(Connection<ByteBuf, ByteBuf> connection, String text) throws IOException {
        connection.write(text(text)).await();
        var answer = new StringBuilder();
        while (answer.length() < text.length()) {
            ByteBuf part = connection.receive().await();
            if (part == null) {
                throw new IOException("the server has ended after " + answer);
            }
            answer.append(part.toString(StandardCharsets.US_ASCII));
            part.release();
        }
        return answer.toString();
    }
}
