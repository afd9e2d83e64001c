package rill.bench.program;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import rill.Future;
import rill.Loop;
import rill.http.HttpResponse;
import rill.http.HttpServer;

/** Rill's HTTP server in its default configuration, on the transport in {@code -Drill.transport=NAME}. */
public final class RillHttp implements Server {
    /** Created by {@link ServerMain}. */
    public RillHttp() {}

    @Override
    public int listen(List<String> options) throws Exception {
        var any = new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0);
        Loop loop = RillLoop.open();
        loop.start(); // before anyone else drives it: uring keeps its first driver
        var server = HttpServer.serve(
                        loop,
                        any,
                        request -> Future.of(
                                request.path().equals(HttpTexts.JSON_PATH)
                                        ? HttpResponse.bytes("application/json", HttpTexts.json())
                                        : HttpResponse.bytes("text/plain", HttpTexts.text())))
                .await();
        return server.port();
    }
}
