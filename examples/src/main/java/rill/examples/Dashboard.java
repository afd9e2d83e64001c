package rill.examples;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.io.InputStream;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import rill.Future;
import rill.Loop;
import rill.LoopMetrics;
import rill.Pool;
import rill.PoolMetrics;
import rill.PoolOptions;
import rill.codec.resp.Command;
import rill.codec.resp.Reply;
import rill.codec.resp.Resp;
import rill.http.HttpBody;
import rill.http.HttpRequest;
import rill.http.HttpResponse;
import rill.http.HttpServer;

/** A page that shows live how a loop, its connections and a pool are doing: server-sent events with their metrics, two a second. */
final class Dashboard {
    private static final Duration EACH = Duration.ofMillis(500);
    private static final Duration WORK = Duration.ofMillis(10);

    private final Loop loop;
    private final Pool<Command, Reply> pool;
    private final HttpResponse page;
    private final Latest latencies = new Latest(1000); // in nanoseconds

    private Dashboard(Loop loop, Pool<Command, Reply> pool, HttpResponse page) {
        this.loop = loop;
        this.pool = pool;
        this.page = page;
    }

    /** Serves the page, with something to show: a small Redis, and a pool that calls it, sometimes more and sometimes less. */
    static Future<HttpServer> serve(Loop loop, SocketAddress address) throws IOException {
        try (InputStream html = Objects.requireNonNull(Dashboard.class.getResourceAsStream("dashboard.html"))) {
            HttpResponse page = HttpResponse.bytes("text/html; charset=utf-8", html.readAllBytes());
            return MemoryRedis.serve(loop, Loopback.ANY_PORT).flatMap(redis -> {
                var pool = loop.pool(
                        redis.address(), Resp.client(), PoolOptions.defaults().connections(1, 4));
                var dashboard = new Dashboard(loop, pool, page);
                return HttpServer.serve(loop, address, dashboard::answer).onDone((server, failure) -> {
                    if (failure == null) {
                        dashboard.work();
                    } else {
                        pool.close();
                        redis.close();
                    }
                });
            });
        }
    }

    private void work() {
        double wave = Math.sin(loop.nanoTime() / 2e9);
        for (int calls = (int) (20 + 15 * wave) + loop.random().nextInt(5); calls > 0; calls--) {
            long begun = loop.nanoTime();
            pool.call(Command.of("INCR", "calls")).onDone((reply, failure) -> {
                if (failure == null) {
                    latencies.add(loop.nanoTime() - begun);
                }
            });
        }
        loop.schedule(WORK, "work for the dashboard", this::work);
    }

    private Future<HttpResponse> answer(HttpRequest request) {
        return Future.of(
                switch (request.path()) {
                    case "/" -> page;
                    case "/events" -> HttpResponse.events(new Events());
                    default -> HttpResponse.text("nothing here\n").status(404);
                });
    }

    /** Sends one event at once, and then one each half second, until the browser has gone or the server closes. */
    private final class Events implements HttpBody.Source {
        private boolean begun;

        @Override
        public Future<@Nullable ByteBuf> next() {
            Future<@Nullable Void> due = begun ? loop.delay(EACH) : Future.of(null);
            begun = true;
            return due.map(nothing -> Unpooled.copiedBuffer("data: " + now() + "\n\n", StandardCharsets.UTF_8));
        }
    }

    /** Returns the raw counters; the page computes rates from them. */
    private String now() {
        LoopMetrics loops = loop.metrics();
        PoolMetrics pools = pool.metrics();
        long[] sorted = latencies.sorted();
        return String.format(
                Locale.ROOT,
                "{\"at\":%d,\"busy\":%d,\"ticks\":%d,\"handles\":%d,\"lag\":%d,\"longestTick\":%d,\"connections\":%d,"
                        + "\"received\":%d,\"sent\":%d,\"messages\":%d,\"writes\":%d,\"pending\":%d,\"answered\":%d,"
                        + "\"outstanding\":%d,\"buffers\":%d,\"pool\":%d,\"waiting\":%d,\"lost\":%d,\"p50\":%d,\"p99\":%d}",
                loop.nanoTime(),
                loops.work().busy().toNanos(),
                loops.work().ticks(),
                loops.work().handles(),
                loops.timers().longestLagLately().toNanos(),
                loops.work().longestTickLately().toNanos(),
                loops.connections().open(),
                loops.traffic().bytesReceived(),
                loops.traffic().bytesSent(),
                loops.traffic().messagesSent(),
                loops.traffic().writes(),
                loops.traffic().pendingBytes(),
                loops.calls().answered(),
                loops.calls().outstanding(),
                loops.memory().inUse(),
                pools.connections(),
                pools.waiting(),
                pools.lost(),
                sorted.length == 0 ? 0 : sorted[sorted.length / 2],
                sorted.length == 0 ? 0 : sorted[sorted.length * 99 / 100]);
    }
}
