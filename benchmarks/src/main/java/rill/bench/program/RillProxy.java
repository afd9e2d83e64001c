package rill.bench.program;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.List;
import rill.Loop;
import rill.http.ClientRequest;
import rill.http.HttpClient;
import rill.http.HttpClientOptions;
import rill.http.HttpResponse;
import rill.http.HttpServer;

/** A reverse proxy of Rill's server and client in their default configuration. The last option is the port of the server behind it. */
public final class RillProxy implements Server {
    /** Created by {@link ServerMain}. */
    public RillProxy() {}

    @Override
    public int listen(List<String> options) throws Exception {
        var any = new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0);
        var behind = URI.create("http://127.0.0.1:" + options.getLast());
        Loop loop = RillLoop.open();
        loop.start(); // before anyone else drives it: uring keeps its first driver
        HttpClient client =
                HttpClient.on(loop, HttpClientOptions.defaults().inflate(false).connections(100));
        var server = HttpServer.serve(
                        loop,
                        any,
                        request -> client.send(ClientRequest.of(request.method(), behind)
                                        .target(request.pathAndQuery())
                                        .body(request.body()))
                                .map(response ->
                                        HttpResponse.of(response.status()).body(response.body())))
                .await();
        return server.port();
    }
}
