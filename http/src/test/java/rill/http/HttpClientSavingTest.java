package rill.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import rill.Future;

/** Tests responses that are written to files. */
final class HttpClientSavingTest extends HttpClientRig {
    @TempDir
    private Path folder;

    private List<Path> files() throws IOException {
        try (Stream<Path> all = Files.list(folder)) {
            return all.toList();
        }
    }

    @Test
    void a_response_becomes_a_file_and_its_connection_goes_on() throws IOException {
        String large = "0123456789".repeat(20_000);
        var server = server((peer, request) -> peer.say("HTTP/1.1 200 OK\nContent-Length: 200000\n\n" + large));
        Path file = folder.resolve("a");
        List<Long> told = new ArrayList<>();
        loop.run(() -> {
            HttpClient client = client();
            for (int i = 0; i < 2; i++) {
                assertThat(client.get(server.uri())
                                .await()
                                .saveTo(file, 200_000, told::add)
                                .await())
                        .isEqualTo(200_000);
            }
        });
        assertThat(file).hasContent(large);
        assertThat(files()).containsExactly(file);
        assertThat(told).endsWith(200_000L);
        assertThat(server.peers).hasSize(1);
    }

    @Test
    void what_is_too_large_breaks_off_or_is_given_up_leaves_nothing() throws IOException {
        var server = server((peer, request) -> {
            peer.say("HTTP/1.1 200 OK\nContent-Length: 100\n\n0123456789");
            if (request.contains("/cut")) {
                loop.schedule(Duration.ofSeconds(1), peer::reset);
            }
        });
        Path file = folder.resolve("a");
        loop.run(() -> {
            HttpClient client = client();
            assertThatThrownBy(client.get(server.uri()).await().saveTo(file, 99)::await)
                    .isInstanceOf(BodyTooLargeException.class);
            assertThatThrownBy(client.get(server.uri() + "/cut").await().saveTo(file, 100)::await)
                    .hasMessageContaining("has not come whole");
            Future<Long> given = client.get(server.uri()).await().saveTo(file, 100);
            loop.delay(Duration.ofSeconds(1)).await();
            given.cancel();
            loop.delay(Duration.ofSeconds(1)).await();
            ClientResponse twice = client.get(server.uri() + "/cut").await();
            twice.bytes().onDone((bytes, failure) -> {});
            assertThatThrownBy(twice.saveTo(file, 100)::await).isInstanceOf(IllegalStateException.class);
            client.close();
            loop.delay(Duration.ofSeconds(1)).await(); // for the file to be deleted
        });
        assertThat(files()).isEmpty();
    }

    @Test
    void a_thread_outside_may_ask_for_it() throws IOException {
        var server = server((peer, request) -> peer.say(OK));
        HttpClient client = client();
        assertThat(client.get(server.uri())
                        .await()
                        .saveTo(folder.resolve("a"), 10)
                        .await())
                .isEqualTo(2);
        assertThat(folder.resolve("a")).hasContent("ok");
    }
}
