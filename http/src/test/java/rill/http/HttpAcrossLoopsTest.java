package rill.http;

import static org.assertj.core.api.Assertions.assertThat;
import static rill.http.ServedTexts.source;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import rill.Future;
import rill.Loop;
import rill.LoopGroup;
import rill.LoopOptions;
import rill.Report;
import rill.testkit.Leaks;

/** Tests bodies whose two ends are on different loops, as in a gateway that serves on a group and has one client. */
@ExtendWith(Leaks.class)
@Timeout(60)
class HttpAcrossLoopsTest {
    private static final int PIECES = 40;
    private static final InetSocketAddress ANY = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    private final List<Report> reports = new CopyOnWriteArrayList<>();

    private LoopOptions options() {
        return LoopOptions.defaults().reporter(report -> {
            if (report instanceof Report.Thrown || report instanceof Report.ConnectionFailed) {
                reports.add(report);
            }
        });
    }

    private static URI at(HttpServer server) {
        return URI.create("http://127.0.0.1:" + server.port() + "/");
    }

    /** A source whose Futures belong to another loop. */
    private static final class Foreign implements HttpBody.Source {
        private final Loop home;
        private int given;

        Foreign(Loop home) {
            this.home = home;
        }

        @Override
        public Future<@Nullable ByteBuf> next() {
            int number = given++;
            return home.<@Nullable ByteBuf>submit(
                    () -> number == PIECES ? null : Unpooled.wrappedBuffer(new byte[1000]));
        }
    }

    @Test
    void an_answer_whose_pieces_are_of_another_loop_is_written_on_the_loop_of_its_connection() throws IOException {
        try (Loop elsewhere = Loop.open(options()).start();
                Loop home = Loop.open(options()).start();
                Loop clients = Loop.open(options()).start();
                HttpServer server = HttpServer.serve(
                                home,
                                ANY,
                                request -> Future.of(HttpResponse.of(HttpBody.stream(new Foreign(elsewhere)))))
                        .await();
                var client = HttpClient.on(clients)) {
            assertThat(client.get(at(server)).await().bytes().await()).hasSize(PIECES * 1000);
        }
        assertThat(reports).isEmpty();
    }

    @Test
    void a_body_may_be_read_from_another_loop() throws IOException {
        Set<Loop> heardOn = ConcurrentHashMap.newKeySet();
        try (Loop elsewhere = Loop.open(options()).start();
                Loop home = Loop.open(options()).start();
                Loop clients = Loop.open(options()).start();
                HttpServer server = HttpServer.serve(
                                home,
                                ANY,
                                request -> elsewhere
                                        .submit(() -> request.body().bytes().onDone((all, failure) -> {
                                            heardOn.add(Loop.current());
                                        }))
                                        .flatMap(whole -> whole)
                                        .map(all -> HttpResponse.text("" + all.length)))
                        .await();
                var client = HttpClient.on(clients)) {
            for (int i = 0; i < 20; i++) {
                HttpBody body = HttpBody.stream(source("x".repeat(1000), "y".repeat(50_000), "z".repeat(100_000)));
                assertThat(client.send(ClientRequest.post(at(server), body))
                                .await()
                                .text()
                                .await())
                        .isEqualTo("151000");
            }
        }
        assertThat(heardOn).hasSize(1);
        assertThat(reports).isEmpty();
    }

    @Test
    void a_piece_of_a_body_is_asked_for_on_its_own_loop_whoever_asks() throws IOException {
        var bodies = new CopyOnWriteArrayList<HttpBody>();
        try (Loop elsewhere = Loop.open(options()).start();
                Loop home = Loop.open(options()).start();
                Loop clients = Loop.open(options()).start();
                HttpServer server = HttpServer.serve(home, ANY, request -> {
                            bodies.add(request.body());
                            return elsewhere
                                    .submit(() -> request.body().next())
                                    .flatMap(piece -> piece)
                                    .map(piece -> {
                                        String on = Loop.current() == home ? "home" : "elsewhere";
                                        piece.release();
                                        request.body().close(); // on whichever loop this runs
                                        return HttpResponse.text(on);
                                    });
                        })
                        .await();
                var client = HttpClient.on(clients)) {
            assertThat(client.send(ClientRequest.post(at(server), HttpBody.of("hello")))
                            .await()
                            .text()
                            .await())
                    .isNotEmpty();
            assertThat(((IncomingBody) bodies.getFirst()).isClosed()).isTrue();
        }
        assertThat(reports).isEmpty();
    }

    @Test
    void a_gateway_on_a_group_with_one_client_hands_on_bodies_both_ways() throws IOException {
        var done = new AtomicInteger();
        try (Loop far = Loop.open(options()).start();
                LoopGroup group = LoopGroup.open(3, options());
                Loop middle = Loop.open(options()).start();
                Loop clients = Loop.open(options()).start();
                var onward = HttpClient.on(middle);
                HttpServer server = HttpServer.serve(far, ANY, request -> Future.of(HttpResponse.of(request.body())))
                        .await();
                HttpServer gateway = HttpServer.serve(
                                group,
                                ANY,
                                request -> onward.send(ClientRequest.of(request.method(), at(server))
                                                .body(request.body()))
                                        .map(response -> HttpResponse.of(response.body())))
                        .await();
                var client = HttpClient.on(clients)) {
            for (int round = 0; round < 5; round++) {
                var answers = new ArrayList<Future<byte[]>>();
                for (int i = 0; i < 8; i++) {
                    HttpBody body = HttpBody.stream(source("x".repeat(100_000), "y", "z".repeat(200_000)));
                    answers.add(client.send(ClientRequest.post(at(gateway), body))
                            .flatMap(ClientResponse::bytes)
                            .timeout(Duration.ofSeconds(20)));
                }
                for (Future<byte[]> each : answers) {
                    assertThat(each.await()).hasSize(300_001);
                    done.incrementAndGet();
                }
            }
        }
        assertThat(done).hasValue(40);
        assertThat(reports).isEmpty();
    }
}
