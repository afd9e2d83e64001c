package rill.examples;

import java.io.IOException;
import java.io.PrintWriter;
import java.net.SocketAddress;
import java.util.List;
import rill.Connection;
import rill.Future;
import rill.Listener;
import rill.Loop;
import rill.Pipeline;
import rill.codec.Text;

/** A server that sends back whatever it receives, and a client that talks to it in lines. */
final class Echo {
    private Echo() {}

    // README: server begin
    static Future<Listener> serve(Loop loop, SocketAddress address) {
        return loop.serve(address, Pipeline.bytes(), Future::of); // answers some bytes with the same bytes, at once
    }
    // README: server end

    static void run(PrintWriter out) throws IOException {
        try (var loop = Loop.open()) {
            Listener server = serve(loop, Loopback.ANY_PORT).await(); // nobody drives the loop, so await does
            loop.run(() -> {
                Connection<String, String> connection =
                        loop.connect(server.address(), Text.lines()).await();
                for (String line : List.of("hello", "is anybody there?", "good-bye")) {
                    connection.write(line);
                    String answer = connection.receive().await();
                    Expect.equal("the echo", line, answer);
                    out.println("sent and got back: " + answer);
                }
                connection.finish().await();
            });
        }
    }
}
