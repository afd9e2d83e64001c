package rill.bridge.netty;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import rill.Loop;
import rill.LoopOptions;

/** Tests Netty's HTTP codec with the JDK's client, over sockets. */
@Timeout(60)
class HttpServerTest {
    @Test
    void a_client_that_others_have_written_is_served_one_by_one_and_many_at_a_time() throws Exception {
        try (Loop loop = Loop.open(LoopOptions.defaults().slowHandle(Duration.ZERO))
                        .start();
                HttpClient client = HttpClient.newBuilder()
                        .version(HttpClient.Version.HTTP_1_1)
                        .build()) {
            var any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
            int port = ((InetSocketAddress) HttpServer.serve(loop, any).await().address()).getPort();
            URI uri = URI.create("http://127.0.0.1:" + port + "/some/where?x=1");
            assertThat(client.send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString())
                            .body())
                    .isEqualTo("GET /some/where?x=1, 0 bytes\n");
            List<CompletableFuture<String>> answers = IntStream.range(0, 50)
                    .mapToObj(i -> client.sendAsync(
                                    HttpRequest.newBuilder(uri)
                                            .POST(BodyPublishers.ofString("x".repeat(i * 2_000)))
                                            .build(),
                                    BodyHandlers.ofString())
                            .thenApply(java.net.http.HttpResponse::body))
                    .toList();
            for (int i = 0; i < answers.size(); i++) {
                assertThat(answers.get(i).get()).isEqualTo("POST /some/where?x=1, " + i * 2_000 + " bytes\n");
            }
        }
    }

    @Test
    void the_guide_shows_this_program() throws IOException {
        String guide = Files.readString(Path.of("../docs/from-netty.md"));
        String source = Files.readString(Path.of("src/test/java/rill/bridge/netty/HttpServer.java"));
        String body = source.substring(source.indexOf("    static Future<Listener> serve("), source.lastIndexOf('}'));
        assertThat(guide).contains(body.stripTrailing());
    }
}
