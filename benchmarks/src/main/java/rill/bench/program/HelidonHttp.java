package rill.bench.program;

import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.webserver.WebServer;
import java.util.List;

/** Helidon's HTTP server, with a virtual thread for each connection, in its default configuration. */
public final class HelidonHttp implements Server {
    /** Created by {@link ServerMain}. */
    public HelidonHttp() {}

    @Override
    public int listen(List<String> options) {
        var plain = HeaderValues.create(HeaderNames.CONTENT_TYPE, "text/plain");
        var json = HeaderValues.create(HeaderNames.CONTENT_TYPE, "application/json");
        return WebServer.builder()
                .host("127.0.0.1")
                .port(0)
                .backlog(4096)
                .connectionOptions(socket -> socket.tcpNoDelay(true))
                .routing(routes -> routes.get(
                                HttpTexts.JSON_PATH,
                                (request, response) -> response.header(json).send(HttpTexts.json()))
                        .any((request, response) -> response.header(plain).send(HttpTexts.text())))
                .build()
                .start()
                .port();
    }
}
