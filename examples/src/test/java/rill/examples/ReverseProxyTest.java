package rill.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import rill.Connection;
import rill.Future;
import rill.Loop;
import rill.LoopOptions;
import rill.Pipeline;
import rill.Report;
import rill.http.ClientRequest;
import rill.http.ClientResponse;
import rill.http.HttpBody;
import rill.http.HttpClient;
import rill.http.HttpRequest;
import rill.http.HttpResponse;
import rill.http.HttpServer;
import rill.testing.RecordingReporter;
import rill.testkit.Leaks;

/** Requests and responses through the reverse proxy, large and small, fast and slow. */
@Tag("slow")
@Timeout(120)
@ExtendWith(Leaks.class)
class ReverseProxyTest {
    private final RecordingReporter reporter = new RecordingReporter();
    private final List<String> seen = new ArrayList<>();
    private final AtomicInteger closed = new AtomicInteger(); // streams of the servers
    private Loop loop;
    private HttpClient client;
    private String proxy;

    @BeforeEach
    void start() throws IOException {
        loop = Loop.open(LoopOptions.defaults().reporter(reporter).slowHandle(Duration.ZERO));
        client = HttpClient.on(loop);
        URI one = serve("one");
        URI two = serve("two");
        HttpServer server =
                ReverseProxy.serve(loop, Loopback.ANY_PORT, List.of(one, two)).await();
        proxy = "http://127.0.0.1:" + server.port();
    }

    private URI serve(String name) throws IOException {
        HttpServer server = HttpServer.serve(loop, Loopback.ANY_PORT, request -> handle(name, request))
                .await();
        return URI.create("http://127.0.0.1:" + server.port());
    }

    private Future<HttpResponse> handle(String name, HttpRequest request) {
        seen.add(name + " " + request.method() + " " + request.target() + " " + request.field("x-forwarded-for"));
        return Future.of(
                switch (request.path()) {
                    case "/echo" -> HttpResponse.of(request.body());
                    case "/missing" ->
                        HttpResponse.text("no\n")
                                .status(404)
                                .with("X-Kept", "yes")
                                .with("Connection", "x-dropped")
                                .with("X-Dropped", "no");
                    case "/streamed" -> HttpResponse.of(stream(Duration.ZERO, 3));
                    case "/events" -> HttpResponse.of(stream(Duration.ofMillis(50), Integer.MAX_VALUE));
                    case "/via" -> HttpResponse.text(request.fields().all("via").toString());
                    case "/nothing" -> HttpResponse.of(204).with("Content-Length", "0");
                    default -> HttpResponse.text("from " + name);
                });
    }

    private HttpBody stream(Duration pause, int pieces) {
        return HttpBody.stream(new HttpBody.Source() {
            private int left = pieces;

            @Override
            public Future<@Nullable ByteBuf> next() {
                return loop.delay(pause)
                        .map(nothing -> left-- > 0
                                ? Unpooled.copiedBuffer("piece\n", StandardCharsets.US_ASCII)
                                : (ByteBuf) null);
            }

            @Override
            public void close() {
                closed.incrementAndGet();
            }
        });
    }

    @AfterEach
    void stop() {
        loop.close();
        reporter.assertNone();
    }

    @Test
    void servers_are_asked_by_turns_and_learn_who_asks() throws IOException {
        loop.run(() -> {
            ClientRequest odd = ClientRequest.get(URI.create(proxy)).target("/a?b=%20|");
            assertThat(client.send(odd).await().text().await()).isEqualTo("from one");
            assertThat(client.get(proxy + "/").await().text().await()).isEqualTo("from two");
            assertThat(client.get(proxy + "/").await().text().await()).isEqualTo("from one");
        });
        assertThat(seen.getFirst()).isEqualTo("one GET /a?b=%20| 127.0.0.1");
    }

    @Test
    void for_whom_a_target_says_that_it_is_stays_here() throws IOException {
        loop.run(() -> {
            ClientRequest absolute = ClientRequest.get(URI.create(proxy)).target("http://elsewhere:1/a?b");
            assertThat(client.send(absolute).await().text().await()).isEqualTo("from one");
        });
        assertThat(seen.getFirst()).isEqualTo("one GET /a?b 127.0.0.1");
    }

    @Test
    void what_concerns_one_connection_stays_there() throws IOException {
        loop.run(() -> {
            ClientResponse missing = client.get(proxy + "/missing").await();
            assertThat(missing.status()).isEqualTo(404);
            assertThat(missing.fields().get("x-kept")).isEqualTo("yes");
            assertThat(missing.fields().get("x-dropped")).isNull();
            assertThat(missing.text().await()).isEqualTo("no\n");
            ClientResponse head = client.send(ClientRequest.of("HEAD", URI.create(proxy + "/")))
                    .await();
            assertThat(head.fields().get("content-length")).isEqualTo("8");
            assertThat(head.bytes().await()).isEmpty();
        });
    }

    @Test
    void no_length_is_made_up() throws IOException {
        loop.run(() -> {
            ClientResponse head = client.send(ClientRequest.head(URI.create(proxy + "/streamed")))
                    .await();
            assertThat(head.status()).isEqualTo(200);
            assertThat(head.fields().contains("content-length")).isFalse();
            assertThat(head.bytes().await()).isEmpty();
            ClientResponse nothing = client.get(proxy + "/nothing").await();
            assertThat(nothing.status()).isEqualTo(204);
            assertThat(nothing.fields().contains("content-length")).isFalse();
            assertThat(client.get(proxy + "/streamed").await().text().await()).isEqualTo("piece\n".repeat(3));
        });
    }

    @Test
    void who_leaves_a_page_of_events_leaves_no_connection_to_the_server_behind() throws IOException {
        var address = new InetSocketAddress("127.0.0.1", URI.create(proxy).getPort());
        loop.run(() -> {
            Connection<ByteBuf, ByteBuf> raw =
                    loop.connect(address, Pipeline.bytes()).await();
            raw.write(Unpooled.copiedBuffer("GET /events HTTP/1.1\r\nHost: x\r\n\r\n", StandardCharsets.US_ASCII));
            ByteBuf first = raw.receive().await();
            assertThat(first).isNotNull();
            first.release();
            raw.abort().await();
            for (int i = 0; i < 100 && closed.get() == 0; i++) {
                loop.delay(Duration.ofMillis(100)).await();
            }
        });
        assertThat(closed).hasValue(1);
        loop.close();
        reporter.take(Report.ConnectionFailed.class); // from whichever side wrote to what was reset
    }

    @Test
    void a_tunnel_is_refused() throws IOException {
        var address = new InetSocketAddress("127.0.0.1", URI.create(proxy).getPort());
        loop.run(() -> {
            Connection<ByteBuf, ByteBuf> raw =
                    loop.connect(address, Pipeline.bytes()).await();
            raw.write(Unpooled.copiedBuffer("CONNECT x:1 HTTP/1.1\r\nHost: x:1\r\n\r\n", StandardCharsets.US_ASCII));
            ByteBuf first = raw.receive().await();
            assertThat(first).isNotNull();
            assertThat(first.toString(StandardCharsets.US_ASCII)).startsWith("HTTP/1.1 501 ");
            first.release();
            raw.abort().await();
        });
    }

    @Test
    void bodies_go_through_both_ways_as_they_come() throws IOException {
        var noise = new byte[3_000_000];
        new Random(1).nextBytes(noise);
        loop.run(() -> {
            URI echo = URI.create(proxy + "/echo");
            assertThat(client.post(echo, HttpBody.of(noise)).await().bytes().await())
                    .isEqualTo(noise);
            assertThat(client.post(echo, HttpBody.of("")).await().text().await())
                    .isEmpty();
            ClientRequest asks =
                    ClientRequest.post(echo, HttpBody.of("asked first")).expectContinue(Duration.ofSeconds(5));
            assertThat(client.send(asks).await().text().await()).isEqualTo("asked first");
            var turn = new int[1];
            HttpBody slow = HttpBody.stream(() -> loop.delay(Duration.ofMillis(1))
                    .map(nothing -> turn[0]++ < 50
                            ? Unpooled.copiedBuffer("piece ", StandardCharsets.US_ASCII)
                            : (ByteBuf) null));
            assertThat(client.post(echo, slow).await().text().await()).isEqualTo("piece ".repeat(50));
        });
    }

    @Test
    void whoever_does_not_read_slows_down_whoever_sends() throws IOException {
        var sent = new AtomicLong();
        HttpServer endless = HttpServer.serve(
                        loop,
                        Loopback.ANY_PORT,
                        request -> Future.of(HttpResponse.of(HttpBody.stream(() -> {
                            sent.addAndGet(64 * 1024);
                            return loop.done(Unpooled.wrappedBuffer(new byte[64 * 1024]));
                        }))))
                .await();
        HttpServer before = ReverseProxy.serve(
                        loop, Loopback.ANY_PORT, List.of(URI.create("http://127.0.0.1:" + endless.port())))
                .await();
        loop.run(() -> {
            Connection<ByteBuf, ByteBuf> raw =
                    loop.connect(before.address(), Pipeline.bytes()).await();
            raw.write(Unpooled.copiedBuffer("GET / HTTP/1.1\r\nHost: x\r\n\r\n", StandardCharsets.US_ASCII));
            ByteBuf first = raw.receive().await();
            assertThat(first).isNotNull();
            first.release();
            long last;
            do { // until there is no more progress
                last = sent.get();
                loop.delay(Duration.ofMillis(300)).await();
            } while (sent.get() > last);
            assertThat(sent.get())
                    .as("held up by the buffers of the system and ours")
                    .isLessThan(40_000_000);
            raw.abort().await();
        });
        loop.close();
        reporter.take(Report.ConnectionFailed.class); // from whichever side wrote to what was reset
    }

    @Test
    void a_request_says_by_way_of_whom_it_comes_and_never_comes_twice() throws IOException {
        loop.run(() -> {
            ClientRequest request = ClientRequest.get(proxy + "/via").with("Via", "1.0 elsewhere");
            String via = client.send(request).await().text().await();
            assertThat(via).matches("\\[1\\.0 elsewhere, 1\\.1 rill-[0-9a-f]+]");
            String own = via.substring(via.lastIndexOf(' ') + 1, via.length() - 1);
            ClientResponse again = client.send(
                            ClientRequest.get(proxy + "/").with("Via", "1.1 a, 1.1 " + own + ", 1.1 b"))
                    .await();
            assertThat(again.status()).isEqualTo(508);
            again.discard();
            ClientResponse other = client.send(ClientRequest.get(proxy + "/").with("Via", "1.1 " + own + "0"))
                    .await();
            assertThat(other.status()).as("by way of another").isEqualTo(200);
            other.discard();
        });
    }

    @Test
    void a_server_that_is_gone_is_told_as_502() throws IOException {
        HttpServer alone = ReverseProxy.serve(loop, Loopback.ANY_PORT, List.of(URI.create("http://127.0.0.1:1")))
                .await();
        loop.run(() -> {
            ClientResponse response =
                    client.get("http://127.0.0.1:" + alone.port() + "/").await();
            assertThat(response.status()).isEqualTo(502);
            assertThat(response.text().await()).isEqualTo("the server can't be reached\n");
        });
    }

    @Test
    void the_connections_to_the_servers_end_with_the_proxy() throws IOException {
        HttpServer origin = HttpServer.serve(loop, Loopback.ANY_PORT, request -> Future.of(HttpResponse.text("x")))
                .await();
        HttpServer own = ReverseProxy.serve(
                        loop, Loopback.ANY_PORT, List.of(URI.create("http://127.0.0.1:" + origin.port())))
                .await();
        loop.run(() -> {
            String uri = "http://127.0.0.1:" + own.port() + "/";
            assertThat(client.get(uri).await().text().await()).isEqualTo("x");
            assertThat(origin.connections()).isEqualTo(1);
            own.finish().await();
            long began = loop.nanoTime();
            while (origin.connections() > 0
                    && loop.nanoTime() - began < 20_000_000_000L) { // an idle one stays for 30 s
                loop.delay(Duration.ofMillis(1)).await();
            }
            assertThat(origin.connections()).isZero();
        });
    }
}
