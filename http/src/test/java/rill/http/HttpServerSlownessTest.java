package rill.http;

import static org.assertj.core.api.Assertions.assertThat;
import static rill.http.Served.DATE;
import static rill.http.Served.HOST;
import static rill.http.Served.text;
import static rill.http.ServedTexts.GET;
import static rill.http.ServedTexts.LAST;
import static rill.http.ServedTexts.PLAIN;
import static rill.http.ServedTexts.bytes;
import static rill.http.ServedTexts.ok;
import static rill.http.ServedTexts.promising;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import rill.Connection;
import rill.Future;
import rill.ListenOptions;
import rill.Loop;
import rill.LoopOptions;
import rill.Pipeline;
import rill.Promise;
import rill.testkit.Leaks;
import rill.testkit.memory.MemoryTransport;

/** Tests clients that are slow, and those that only seem slow because the server does not read. */
@ExtendWith(Leaks.class)
class HttpServerSlownessTest {
    private static final byte[] LARGE = new byte[3 * 1024 * 1024];

    private static HttpResponse large(String path) {
        if (path.equals("/stream")) {
            Iterator<byte[]> pieces = List.of(LARGE).iterator();
            return HttpResponse.of(HttpBody.stream(
                    LARGE.length, () -> Future.of(pieces.hasNext() ? Unpooled.wrappedBuffer(pieces.next()) : null)));
        }
        return HttpResponse.bytes("application/octet-stream", LARGE);
    }

    /** Reads this many bytes each second, until there are no more. */
    private static int takeSlowly(Served served, Served.Raw client, int each) {
        int got = 0;
        while (!client.ended && got <= LARGE.length) {
            client.connection.resume();
            int most = each;
            int before = client.size();
            served.drive(() -> client.ended || client.size() - before >= most);
            client.connection.pause();
            got += client.take().length();
            served.pass(Duration.ofSeconds(1));
        }
        return got + client.take().length();
    }

    @ParameterizedTest
    @ValueSource(strings = {"/bytes", "/stream"})
    void a_large_answer_is_not_cut_as_long_as_its_client_takes_some_of_it(String path) throws IOException {
        try (var served = new Served(
                MemoryTransport.calm().capacity(8 * 1024),
                Served.options(),
                request -> Future.of(large(request.path())))) {
            var client = served.connect();
            client.connection.pause();
            client.send("GET " + path + " HTTP/1.1\r\n" + HOST);
            assertThat(takeSlowly(served, client, 16 * 1024)).isGreaterThan(LARGE.length);
        }
    }

    @Test
    void a_small_answer_is_not_cut_as_long_as_its_client_takes_some_of_it() throws IOException {
        String small = "x".repeat(60_000);
        try (var served = new Served(MemoryTransport.calm().capacity(100), Served.options(), request -> text(small))) {
            var client = served.connect();
            client.connection.pause();
            client.send(GET);
            int got = 0;
            while (!client.ended && got < ok(small).length()) {
                client.connection.resume();
                int before = client.size();
                served.drive(() -> client.ended || client.size() - before >= 200);
                client.connection.pause();
                got += client.take().length();
                served.pass(Duration.ofSeconds(1));
            }
            client.connection.resume();
            assertThat(client.send(GET).until(small)).isEqualTo(ok(small));
        }
    }

    private static final String SLOW = "GET /slow HTTP/1.1\r\n" + HOST;

    /** The first answer is available at once, the one for /slow a second later. */
    private static Future<HttpResponse> blocking(HttpRequest request, String large) {
        return switch (request.path()) {
            case "/" -> text(large);
            case "/slow" ->
                Objects.requireNonNull(Loop.current())
                        .delay(Duration.ofSeconds(1))
                        .map(nothing -> HttpResponse.text(large));
            default -> text("last");
        };
    }

    @Test
    void the_rest_of_a_head_that_nobody_reads_is_not_late() throws IOException {
        String large = "x".repeat(200_000);
        try (var served = new Served(
                MemoryTransport.calm().capacity(1000), Served.options(), request -> blocking(request, large))) {
            var client = served.connect();
            client.connection.pause();
            client.send(GET + SLOW + LAST.substring(0, 10));
            served.pass(Duration.ofSeconds(2)); // enough is answered by then that nothing more is read
            client.send(LAST.substring(10));
            served.pass(Duration.ofSeconds(30)); // longer than the time for a head, shorter than that for a slow client
            client.connection.resume();
            assertThat(client.untilEnd()).contains(large).endsWith("last");
        }
    }

    @Test
    void a_head_that_does_not_come_when_it_is_read_again_is_late() throws IOException {
        String large = "x".repeat(200_000);
        try (var served = new Served(
                MemoryTransport.calm().capacity(1000), Served.options(), request -> blocking(request, large))) {
            var client = served.connect();
            client.connection.pause();
            client.send(GET + SLOW + "GET /late HTTP/1.1\r\n" + HOST.substring(0, 4));
            served.pass(Duration.ofSeconds(30));
            client.connection.resume();
            assertThat(client.untilEnd()).contains(large).contains("HTTP/1.1 408 ");
        }
    }

    private static final String ANSWERED_LATE = "HTTP/1.1 503 Service Unavailable\r\n" + PLAIN + DATE
            + "Content-Length: 24\r\n\r\n503 Service Unavailable\n";

    @Test
    void a_handler_that_exceeds_its_deadline_is_cancelled_and_answered_with_503() throws IOException {
        var promises = new ArrayList<Promise<HttpResponse>>();
        HttpServerOptions options = Served.options().answerDeadline(Duration.ofSeconds(2));
        try (var served = new Served(options, promising(promises))) {
            var client = served.connect().send(GET);
            served.pass(Duration.ofMillis(1_999));
            assertThat(client.size()).isZero();
            assertThat(client.until("Unavailable\n")).isEqualTo(ANSWERED_LATE);
            assertThat(promises.getFirst().isCancelled()).isTrue();

            long timers = served.loop.metrics().timers().pending();
            client.send(GET);
            served.drive(() -> promises.size() == 2);
            promises.getLast().complete(HttpResponse.text("in time"));
            assertThat(client.until("in time")).isEqualTo(ok("in time"));
            assertThat(served.loop.metrics().timers().pending()).isEqualTo(timers);
        }
    }

    @Test
    void the_task_of_a_handler_that_exceeds_its_deadline_is_cancelled() throws IOException {
        var transport = MemoryTransport.calm();
        try (Loop loop = Loop.open(LoopOptions.defaults().transport(transport).slowHandle(Duration.ZERO));
                Loop clients = Loop.open(LoopOptions.defaults().transport(transport))) {
            var thrown = new ArrayList<Throwable>();
            HttpServerOptions options = Served.options().answerDeadline(Duration.ofSeconds(2));
            HttpServer server = HttpServer.serveWithTask(loop, MemoryTransport.ANY, options, request -> {
                        try {
                            return loop.<HttpResponse>promise().await();
                        } catch (IOException | CancellationException e) {
                            thrown.add(e);
                            throw e;
                        }
                    })
                    .await();
            Connection<ByteBuf, ByteBuf> client =
                    clients.connect(server.address(), Pipeline.bytes()).await();
            client.write(bytes(GET));
            ByteBuf answer = Objects.requireNonNull(client.receive().await());
            assertThat(answer.toString(StandardCharsets.ISO_8859_1)).isEqualTo(ANSWERED_LATE);
            answer.release();
            assertThat(thrown).singleElement().isInstanceOf(CancellationException.class);
            client.close();
        }
    }

    @Test
    void a_handler_is_not_cut_off_by_the_idle_time_of_the_listener() throws IOException {
        var promises = new ArrayList<Promise<HttpResponse>>();
        HttpServerOptions options =
                Served.options().listen(ListenOptions.defaults().idleTime(Duration.ofSeconds(2)));
        try (var served = new Served(options, promising(promises))) {
            var client = served.connect().send(GET);
            served.pass(Duration.ofSeconds(20));
            promises.getFirst().complete(HttpResponse.text("at last"));
            assertThat(client.until("at last")).isEqualTo(ok("at last"));
        }
    }
}
