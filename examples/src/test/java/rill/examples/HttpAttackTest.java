package rill.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import rill.Future;
import rill.Loop;
import rill.LoopOptions;
import rill.Report;
import rill.http.HttpRequest;
import rill.http.HttpResponse;
import rill.http.HttpServer;
import rill.testing.RecordingReporter;
import rill.testkit.Leaks;

/** Many clients at a time that send or read as slowly as possible, while others want to be served. */
@Tag("slow")
@ExtendWith(Leaks.class)
class HttpAttackTest {
    private final RecordingReporter reporter = new RecordingReporter();
    private Loop loop;

    @AfterEach
    void close() {
        loop.close();
        reporter.take(Report.ConnectionFailed.class); // the attackers' ends
        reporter.assertNone();
    }

    private static Future<HttpResponse> answer(HttpRequest request) {
        return switch (request.path()) {
            case "/size" -> request.body().bytes().map(bytes -> HttpResponse.text(bytes.length + "\n"));
            case "/big" -> Future.of(HttpResponse.bytes("application/octet-stream", new byte[3_000_000]));
            default -> Future.of(HttpResponse.text("hello\n"));
        };
    }

    private String serve() throws IOException {
        loop = Loop.open(LoopOptions.defaults().reporter(reporter).slowHandle(Duration.ZERO));
        HttpServer server = HttpServer.serve(loop, Loopback.ANY_PORT, HttpAttackTest::answer)
                .await();
        loop.start();
        return "http://127.0.0.1:" + server.port();
    }

    @ParameterizedTest
    @ValueSource(strings = {"-H", "-B", "-R", "-X"})
    void a_server_under_slow_attack_answers_others(String kind) throws Exception {
        String base = serve();
        String target = kind.equals("-X") ? "/big" : kind.equals("-B") ? "/size" : "/hello";
        var attack = new ArrayList<>(List.of(kind, "-c", "200", "-r", "200", "-l", "3", "-i", "1", "-u"));
        attack.add(base + target);
        Programs.required("slowhttptest");
        var attacker = CompletableFuture.supplyAsync(() -> {
            try {
                return Programs.run("slowhttptest", attack);
            } catch (IOException | InterruptedException e) {
                throw new AssertionError(e);
            }
        });
        while (!attacker.isDone()) {
            assertThat(HttpPeersTest.curl("-m", "5", base + "/hello")).isEqualTo("hello\n");
        }
        assertThat(attacker.join().all()).contains("slow");
    }
}
