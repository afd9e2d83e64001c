package rill.examples;

import java.io.IOException;
import java.io.PrintWriter;
import java.net.SocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import rill.CallFailedException;
import rill.Future;
import rill.Loop;
import rill.codec.tls.Identity;
import rill.codec.tls.Tls;
import rill.http.HttpClient;
import rill.http.HttpClientOptions;
import rill.http.HttpResponse;
import rill.http.HttpServer;
import rill.http.HttpServerOptions;
import rill.testkit.Authority;

/** An HTTPS server, and a client that trusts the authority which has signed its certificate; both are generated on the spot. */
final class HttpsDemo {
    private HttpsDemo() {}

    static Future<HttpServer> serve(Loop loop, SocketAddress address, Identity identity) {
        HttpServerOptions options = HttpServerOptions.defaults().over(Tls.server(identity));
        return HttpServer.serve(
                loop, address, options, request -> Future.of(HttpResponse.text("hello, where nobody listens in\n")));
    }

    static void run(PrintWriter out) throws IOException {
        Authority authority = Authority.create();
        try (var serverLoop = Loop.open().start();
                var loop = Loop.open();
                var client = HttpClient.on(
                        loop, HttpClientOptions.defaults().tls(Tls.client().trust(List.of(authority.certificate()))));
                var stranger = HttpClient.on(loop)) {
            HttpServer server =
                    serve(serverLoop, Loopback.ANY_PORT, identity(authority)).await();
            String uri = "https://localhost:" + server.port() + "/";
            out.println("a server at " + uri);
            String answer = client.get(uri).await().orThrow().text().await().strip();
            Expect.equal("the answer", "hello, where nobody listens in", answer);
            out.println("asked by who trusts it, it answers: " + answer);
            try {
                stranger.get(uri).await();
                throw new IOException("somebody trusts it who was not told to");
            } catch (CallFailedException refused) {
                out.println("who does not trust it sends nothing: " + refused.fate());
            }
        }
    }

    /** Serves other clients: the authority is written to a file. */
    static Future<HttpServer> serve(Loop loop, SocketAddress address, PrintWriter out) throws IOException {
        Authority authority = Authority.create();
        Path file = Files.createTempFile("rill-authority-", ".pem");
        Files.writeString(file, Authority.pem(authority.certificate()));
        return serve(loop, address, identity(authority)).map(server -> {
            out.println("curl --cacert " + file + " https://localhost:" + server.port() + "/");
            return server;
        });
    }

    private static Identity identity(Authority authority) {
        Authority.Issued certificate = authority.issue("localhost", "127.0.0.1");
        return Identity.of(certificate.key(), certificate.chain());
    }
}
