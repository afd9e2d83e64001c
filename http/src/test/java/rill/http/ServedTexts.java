package rill.http;

import static rill.http.Served.DATE;
import static rill.http.Served.HOST;
import static rill.http.Served.text;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.List;
import rill.Future;
import rill.Loop;
import rill.Promise;
import rill.Service;

/** What the tests of the server send, serve and expect. */
final class ServedTexts {
    private ServedTexts() {}

    static final String PLAIN = "Content-Type: text/plain; charset=utf-8\r\n";
    static final String GET = "GET / HTTP/1.1\r\n" + HOST;
    static final String LAST = "GET /last HTTP/1.1\r\nConnection: close\r\n" + HOST;

    static Service<HttpRequest, HttpResponse> hello() {
        return request -> text("hello");
    }

    static String ok(String text) {
        return "HTTP/1.1 200 OK\r\n" + PLAIN + DATE + "Content-Length: " + text.length() + "\r\n\r\n" + text;
    }

    static ByteBuf bytes(String text) {
        return Unpooled.copiedBuffer(text, StandardCharsets.ISO_8859_1);
    }

    static HttpBody.Source source(String... pieces) {
        Iterator<String> left = List.of(pieces).iterator();
        return () -> Future.of(left.hasNext() ? bytes(left.next()) : null);
    }

    /** A service that only promises its answers: it adds its promises to this list, in the order of the requests. */
    static Service<HttpRequest, HttpResponse> promising(List<Promise<HttpResponse>> promises) {
        return request -> {
            Promise<HttpResponse> promise = Loop.current().promise();
            promises.add(promise);
            return promise;
        };
    }

    static Service<HttpRequest, HttpResponse> echo() {
        return request -> request.body().text().map(HttpResponse::text);
    }
}
