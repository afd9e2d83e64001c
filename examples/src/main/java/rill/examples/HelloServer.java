package rill.examples;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import rill.LoopGroup;
import rill.http.HttpRequest;
import rill.http.HttpResponse;
import rill.http.HttpServer;

/** A complete program: an HTTP server, with a loop for each processor, that runs until it is stopped. */
public final class HelloServer {
    private HelloServer() {}

    public static void main(String[] arguments) throws IOException {
        int port = arguments.length == 0 ? 8080 : Integer.parseInt(arguments[0]);
        var address = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
        try (LoopGroup loops = LoopGroup.open()) {
            loops.closeOnShutdown(Duration.ofSeconds(10)); // Ctrl-C, SIGTERM
            HttpServer server = HttpServer.serveWithTask(loops, address, HelloServer::answer)
                    .await();
            System.out.println("http://localhost:" + server.port() + "/");
            loops.join(); // until they are closed
        }
    }

    private static HttpResponse answer(HttpRequest request) throws Exception {
        return switch (request.path()) {
            case "/" -> HttpResponse.text("hello, " + request.parameter("name", "world") + "\n");
            case "/echo" -> HttpResponse.text(request.body().text().await());
            default -> HttpResponse.text("nothing here\n").status(404);
        };
    }
}
