package rill.bench.program;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;

/**
 * The JDK's own HTTP server in its default configuration, which has one thread, but for TCP_NODELAY: that takes the flag
 * {@code -Dsun.net.httpserver.nodelay=true}.
 */
public final class JdkHttp implements Server {
    /** Created by {@link ServerMain}. */
    public JdkHttp() {}

    @Override
    public int listen(List<String> options) throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0), 4096);
        server.createContext("/", exchange -> {
            boolean json = exchange.getRequestURI().getPath().equals(HttpTexts.JSON_PATH);
            byte[] body = json ? HttpTexts.json() : HttpTexts.text();
            exchange.getResponseHeaders().set("Content-Type", json ? "application/json" : "text/plain");
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        server.start();
        return server.getAddress().getPort();
    }
}
