package rill.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import rill.Loop;
import rill.LoopOptions;
import rill.Report;
import rill.http.ClientResponse;
import rill.http.HttpClient;
import rill.http.HttpServer;
import rill.testing.RecordingReporter;

/** The pages that use server-sent events, in a browser and without. */
@Tag("slow")
@Timeout(120)
class PagesTest {
    private final RecordingReporter reporter = new RecordingReporter();
    private Loop loop; // the server's, on a thread of its own
    private Loop clients; // driven by await

    @TempDir
    private Path folder;

    @BeforeEach
    void open() throws IOException {
        loop = Loop.open(LoopOptions.defaults()
                .reporter(report -> {
                    if (!(report instanceof Report.ConnectionFailed)) { // clients leave within an answer
                        reporter.report(report);
                    }
                })
                .slowHandle(Duration.ZERO));
        clients = Loop.open();
    }

    @AfterEach
    void close() {
        clients.close();
        loop.close();
        reporter.assertNone();
    }

    private String started(HttpServer server) {
        loop.start();
        return "http://127.0.0.1:" + server.port() + "/";
    }

    @Test
    void events_are_counted_in_a_browser() throws IOException {
        String page = started(SseDemo.serve(loop, Loopback.ANY_PORT).await());
        try (var browser = new Browser(clients, folder, page)) {
            browser.await("document.body.innerText", "It has been 1 seconds.");
            browser.await("document.body.innerText", "It has been 2 seconds.");
        }
    }

    @Test
    void the_dashboard_shows_live_what_its_loop_does() throws IOException {
        String page = started(Dashboard.serve(loop, Loopback.ANY_PORT).await());
        try (var browser = new Browser(clients, folder, page)) {
            browser.await("document.getElementById('state').textContent", "live");
            browser.await(
                    "document.querySelectorAll('polyline')[11].getAttribute('points').split(' ').length > 3", "true");
            String text = browser.evaluate("document.body.innerText");
            assertThat(text)
                    .contains("calls a second", "not sent yet", "longest tick")
                    .doesNotContain("NaN", "–");
            browser.picture("dashboard");
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void an_open_page_holds_up_no_server_that_closes(boolean dashboard) throws IOException {
        HttpServer server = dashboard
                ? Dashboard.serve(loop, Loopback.ANY_PORT).await()
                : SseDemo.serve(loop, Loopback.ANY_PORT).await();
        try (var client = HttpClient.on(clients);
                ClientResponse events = client.get(started(server) + "events").await()) {
            events.next().await().release();
            server.close();
            for (var piece = events.next().await();
                    piece != null;
                    piece = events.next().await()) {
                piece.release();
            }
        }
        server.closed().await();
    }

    @Test
    void an_event_of_the_dashboard_tells_of_its_loop_and_of_the_connection_that_it_comes_by() throws IOException {
        String page = started(Dashboard.serve(loop, Loopback.ANY_PORT).await());
        try (var client = HttpClient.on(clients);
                ClientResponse events = client.get(page + "events").await()) {
            assertThat(events.fields().get("content-type")).isEqualTo("text/event-stream");
            var piece = events.next().await();
            String event = piece.toString(StandardCharsets.UTF_8);
            piece.release();
            assertThat(event)
                    .startsWith("data: {\"at\":")
                    .contains("\"lost\":0,")
                    .endsWith("}\n\n");
            assertThat(event).doesNotContain("\"connections\":0,");
        }
    }
}
