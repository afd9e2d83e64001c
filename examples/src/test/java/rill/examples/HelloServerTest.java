package rill.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import rill.Loop;
import rill.http.HttpClient;

/** The guide's whole program, in a separate JVM. */
@Tag("slow")
class HelloServerTest {
    @Test
    void it_serves_until_it_is_told_to_stop() throws Exception {
        Process process = Programs.main("rill.examples.HelloServer", Programs.NOTHING_TO_NOTE, "0")
                .start();
        try (var output = process.inputReader();
                var loop = Loop.open();
                var client = HttpClient.on(loop)) {
            String uri = String.valueOf(output.readLine());
            assertThat(client.get(uri + "?name=you").await().text().await()).isEqualTo("hello, you\n");
            assertThat(client.get(uri + "x").await().status()).isEqualTo(404);
            Programs.signal(process, "TERM");
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        } finally {
            Programs.end(process);
        }
    }
}
