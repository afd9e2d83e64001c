package rill.examples;

import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import rill.Connection;
import rill.Future;
import rill.Loop;
import rill.http.HttpRequest;
import rill.http.HttpResponse;
import rill.http.HttpServer;
import rill.http.wire.Data;
import rill.http.wire.HttpFields;
import rill.http.wire.HttpWire;
import rill.http.wire.RequestEvent;
import rill.http.wire.RequestHead;
import rill.http.wire.ResponseEvent;
import rill.http.wire.ResponseHead;

/** A server of HTTP: a greeting, one by name, and what comes back as it was sent. */
final class HttpDemo {
    private static final HttpResponse HELLO = HttpResponse.text("hello, world\n");

    private HttpDemo() {}

    static Future<HttpServer> serve(Loop loop, SocketAddress address) {
        return HttpServer.listen(loop, address, HttpDemo::answer);
    }

    private static Future<HttpResponse> answer(HttpRequest request) {
        return switch (request.path()) {
            case "/" -> Future.of(HELLO);
            case "/hello" -> request.body().text().map(name -> HttpResponse.text("hello, " + name + "\n"));
            case "/echo" -> Future.of(HttpResponse.of(request.body())); // as it comes, with back-pressure
            default -> Future.of(HttpResponse.text("nothing here\n").status(404));
        };
    }

    static void run(PrintWriter out) throws IOException {
        try (var serverLoop = Loop.open().start();
                var loop = Loop.open()) {
            var address = (InetSocketAddress)
                    serve(serverLoop, Loopback.ANY_PORT).await().address();
            out.println("a server at http://127.0.0.1:" + address.getPort() + "/");
            out.println("asked for /, it answers: " + get(loop, address, "/"));
            out.println("to talk to one yourself: ./rill demo http --serve 8080, and curl http://127.0.0.1:8080/");
        }
    }

    /** On the wire, a request and its response are heads, and pieces of bodies. */
    private static String get(Loop loop, InetSocketAddress address, String path) throws IOException {
        Connection<ResponseEvent, RequestEvent> connection =
                loop.connect(address, HttpWire.client()).await();
        connection.write(RequestHead.of("GET", path, HttpFields.of("Host", "127.0.0.1:" + address.getPort())));
        if (!(connection.receive().await() instanceof ResponseHead head) || head.status() != 200) {
            throw new IOException("no answer, or another one");
        }
        if (!(connection.receive().await() instanceof Data body)) {
            throw new IOException("no body");
        }
        String text =
                body.bytes().toString(java.nio.charset.StandardCharsets.UTF_8).strip();
        body.release();
        connection.finish().await();
        Expect.equal("the answer", "hello, world", text);
        return text;
    }
}
