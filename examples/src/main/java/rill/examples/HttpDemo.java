package rill.examples;

import java.io.IOException;
import java.io.PrintWriter;
import java.net.SocketAddress;
import rill.Future;
import rill.Loop;
import rill.http.HttpClient;
import rill.http.HttpRequest;
import rill.http.HttpResponse;
import rill.http.HttpServer;

/** An HTTP server: a greeting, a greeting by name, and an echo of the request's body. */
final class HttpDemo {
    private static final HttpResponse HELLO = HttpResponse.text("hello, world\n");

    private HttpDemo() {}

    // README: http begin
    static Future<HttpServer> serve(Loop loop, SocketAddress address) {
        return HttpServer.serve(loop, address, HttpDemo::answer);
    }

    private static Future<HttpResponse> answer(HttpRequest request) {
        return switch (request.path()) {
            case "/" -> Future.of(HELLO);
            case "/hello" -> request.body().text().map(name -> HttpResponse.text("hello, " + name + "\n"));
            case "/echo" -> // streamed, with back-pressure
                Future.of(HttpResponse.of("application/octet-stream", request.body()));
            default -> Future.of(HttpResponse.text("nothing here\n").status(404));
        };
    }
    // README: http end

    static void run(PrintWriter out) throws IOException {
        try (var serverLoop = Loop.open().start();
                var loop = Loop.open();
                var client = HttpClient.on(loop)) {
            HttpServer server = serve(serverLoop, Loopback.ANY_PORT).await();
            String uri = "http://127.0.0.1:" + server.port() + "/";
            out.println("a server at " + uri);
            String answer = client.get(uri).await().orThrow().text().await().strip();
            Expect.equal("the answer", "hello, world", answer);
            out.println("asked for /, it answers: " + answer);
            out.println("to talk to one yourself: ./rill demo http --serve 8080, and curl http://127.0.0.1:8080/");
        }
    }
}
