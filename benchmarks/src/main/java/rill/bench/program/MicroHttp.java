package rill.bench.program;

import java.time.Duration;
import java.util.List;
import org.microhttp.EventLoop;
import org.microhttp.Header;
import org.microhttp.NoopLogger;
import org.microhttp.Options;
import org.microhttp.OptionsBuilder;
import org.microhttp.Request;
import org.microhttp.Response;

/** microhttp, with one NIO loop. It has no option for TCP_NODELAY, which stays off. */
public final class MicroHttp implements Server {
    private static final Header PLAIN = new Header("Content-Type", "text/plain");
    private static final Header JSON = new Header("Content-Type", "application/json");

    private Header date = new Header("Date", "");
    private long second;

    /** Created by {@link ServerMain}. */
    public MicroHttp() {}

    @Override
    public int listen(List<String> options) throws Exception {
        Options settings = OptionsBuilder.newBuilder()
                .withHost("127.0.0.1")
                .withPort(0)
                .withAcceptLength(4096)
                .withConcurrency(1)
                .withRequestTimeout(Duration.ofMinutes(1))
                .build();
        EventLoop loop =
                new EventLoop(settings, NoopLogger.instance(), (request, callback) -> callback.accept(answer(request)));
        loop.start();
        return loop.getPort();
    }

    private Response answer(Request request) {
        long now = System.currentTimeMillis() / 1_000;
        if (now != second) {
            second = now;
            date = new Header("Date", HttpTexts.date());
        }
        boolean json = request.uri().equals(HttpTexts.JSON_PATH);
        return new Response(200, "OK", List.of(date, json ? JSON : PLAIN), json ? HttpTexts.json() : HttpTexts.text());
    }
}
