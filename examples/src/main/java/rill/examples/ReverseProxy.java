package rill.examples;

import java.io.IOException;
import java.net.SocketAddress;
import java.net.URI;
import java.util.List;
import java.util.Set;
import rill.CallFailedException;
import rill.Future;
import rill.Loop;
import rill.http.ClientRequest;
import rill.http.ClientResponse;
import rill.http.HttpClient;
import rill.http.HttpClientOptions;
import rill.http.HttpRefusedException;
import rill.http.HttpRequest;
import rill.http.HttpResponse;
import rill.http.HttpServer;
import rill.http.wire.HttpFields;

/**
 * A reverse proxy: forwards each request to one of several servers, in turn, and returns the response. Bodies are streamed in both directions, and a
 * slow end slows down the other, so nothing piles up here.
 */
final class ReverseProxy {
    /** Fields that concern a single connection, and those that both halves write themselves: RFC 9110, section 7.6.1. */
    private static final Set<String> OF_ONE_HOP = Set.of(("connection content-length expect host keep-alive"
                    + " proxy-connection te trailer transfer-encoding upgrade")
            .split(" ", -1));

    private final HttpClient client;
    private final List<URI> servers;
    private final String via; // RFC 9110, section 7.6.3
    private int turn;

    private ReverseProxy(Loop loop, List<URI> servers) {
        this.client =
                HttpClient.on(loop, HttpClientOptions.defaults().inflate(false).connections(100));
        this.servers = servers;
        this.via = "1.1 rill-" + Long.toHexString(loop.random().nextLong()); // two in a row are no circle
    }

    static Future<HttpServer> serve(Loop loop, SocketAddress address, List<URI> servers) {
        var proxy = new ReverseProxy(loop, servers);
        return HttpServer.serve(loop, address, proxy::handOn).map(server -> {
            server.closed().onDone((nothing, never) -> proxy.client.close());
            return server;
        });
    }

    private Future<HttpResponse> handOn(HttpRequest request) throws HttpRefusedException {
        if (request.method().equals("CONNECT")) {
            throw new HttpRefusedException(501, "there are no tunnels here");
        }
        if (request.fields().hasToken("via", via)) {
            throw new HttpRefusedException(508, "this request has come by here before");
        }
        URI server = servers.get(Math.floorMod(turn++, servers.size()));
        ClientRequest onward = ClientRequest.of(request.method(), server)
                .target(request.pathAndQuery())
                .fields(passedOn(request.fields())
                        .add("Via", via)
                        .add("X-Forwarded-For", shown(request.remoteAddress())))
                .body(request.body());
        return client.send(onward).map(ReverseProxy::handBack).recover(IOException.class, ReverseProxy::failed);
    }

    private static HttpResponse handBack(ClientResponse response) {
        HttpFields fields = passedOn(response.fields());
        String length = response.fields().get("content-length");
        if (length != null && !response.head().hasBody() && response.status() != 204) {
            fields = fields.add(
                    "Content-Length", length); // the answer to HEAD states the length of the body that GET would return
        }
        return HttpResponse.of(response.status()).fields(fields).body(response.body());
    }

    private static HttpFields passedOn(HttpFields fields) {
        HttpFields passed = HttpFields.none();
        for (int i = 0; i < fields.size(); i++) {
            String name = fields.name(i);
            if (!OF_ONE_HOP.contains(name) && !fields.hasToken("connection", name)) {
                passed = passed.add(name, fields.value(i));
            }
        }
        return passed;
    }

    private static HttpResponse failed(IOException failure) {
        boolean late = failure instanceof CallFailedException call && call.isLate();
        return HttpResponse.text((late ? "the server took too long" : "the server can't be reached") + "\n")
                .status(late ? 504 : 502);
    }

    private static String shown(SocketAddress peer) {
        return peer.toString().replaceFirst("^/", "").replaceFirst(":\\d+$", "");
    }
}
