package rill.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.net.http.HttpClient;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import rill.Future;
import rill.Loop;
import rill.LoopGroup;
import rill.LoopOptions;
import rill.testkit.Leaks;

/** Tests the JDK's client with Rill's server, over sockets, on several loops. */
@Tag("slow")
@ExtendWith(Leaks.class)
class OverSocketsTest {
    private static final InetSocketAddress ANY = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    private static final LoopOptions OPTIONS = LoopOptions.defaults().slowHandle(Duration.ZERO);

    private static java.net.http.HttpRequest.Builder request(HttpServer server, String path) {
        int port = server.port();
        return java.net.http.HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                .timeout(Duration.ofSeconds(60));
    }

    @Test
    void a_group_of_loops_serves_the_jdks_client() throws Exception {
        Set<Thread> threads = ConcurrentHashMap.newKeySet();
        try (LoopGroup group = LoopGroup.open(2, OPTIONS);
                HttpClient client = HttpClient.newBuilder()
                        .version(HttpClient.Version.HTTP_1_1)
                        .build()) {
            HttpServer server = HttpServer.serveWithTask(group, ANY, request -> {
                        threads.add(Thread.currentThread());
                        Loop.current().delay(Duration.ofMillis(20)).await();
                        return HttpResponse.text(
                                request.path() + request.body().text().await());
                    })
                    .toCompletableFuture()
                    .get();
            var answers = new ArrayList<CompletableFuture<java.net.http.HttpResponse<String>>>();
            for (int i = 0; i < 100; i++) {
                var asked = request(server, "/" + i)
                        .POST(BodyPublishers.ofString("-" + i))
                        .build();
                answers.add(client.sendAsync(asked, BodyHandlers.ofString()));
            }
            for (int i = 0; i < answers.size(); i++) {
                assertThat(answers.get(i).get().body()).isEqualTo("/" + i + "-" + i);
            }
            var large = request(server, "/")
                    .PUT(BodyPublishers.ofByteArray(new byte[1_000_000]))
                    .build();
            assertThat(client.send(large, BodyHandlers.ofByteArray()).body()).hasSize(1_000_001);
            var expecting = request(server, "/")
                    .expectContinue(true)
                    .PUT(BodyPublishers.ofString("x"))
                    .build();
            assertThat(client.send(expecting, BodyHandlers.ofString()).body()).isEqualTo("/x");
        }
        assertThat(threads).isNotEmpty();
    }

    @Test
    void what_was_asked_before_the_server_closed_is_answered() throws Exception {
        try (Loop loop = Loop.open(OPTIONS).start();
                HttpClient client = HttpClient.newBuilder()
                        .version(HttpClient.Version.HTTP_1_1)
                        .build()) {
            var begun = new CompletableFuture<Void>();
            HttpServer server = HttpServer.serve(loop, ANY, request -> {
                        begun.complete(null);
                        return Loop.current().delay(Duration.ofMillis(200)).map(nothing -> HttpResponse.text("late"));
                    })
                    .toCompletableFuture()
                    .get();
            var answer = client.sendAsync(request(server, "/").build(), BodyHandlers.ofString());
            begun.get();
            Future<?> finished = server.finish();
            assertThat(answer.get().body()).isEqualTo("late");
            assertThat(answer.get().headers().firstValue("connection")).hasValue("close");
            finished.toCompletableFuture().get();
            assertThat(server.connections()).isZero();
            CompletableFuture<?> late = client.sendAsync(request(server, "/").build(), BodyHandlers.ofString());
            assertThat(late.handle((nothing, failure) -> failure).get())
                    .isInstanceOfAny(IOException.class, java.util.concurrent.CompletionException.class);
        }
    }

    @Test
    void a_server_knows_its_port_unless_it_listens_at_a_unix_socket(@TempDir Path folder) throws IOException {
        try (Loop loop = Loop.open(OPTIONS)) {
            HttpServer server = HttpServer.serve(loop, ANY, request -> Future.of(HttpResponse.of(204)))
                    .await();
            assertThat(server.port()).isPositive().isEqualTo(((InetSocketAddress) server.address()).getPort());
            var file = UnixDomainSocketAddress.of(folder.resolve("s"));
            HttpServer unix = HttpServer.serve(loop, file, request -> Future.of(HttpResponse.of(204)))
                    .await();
            assertThatIllegalStateException().isThrownBy(unix::port).withMessageContaining("has no port");
        }
    }
}
