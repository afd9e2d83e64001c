package rill.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import rill.ConnectOptions;
import rill.Connection;
import rill.Future;
import rill.Loop;
import rill.LoopOptions;
import rill.http.websocket.WebSocket;
import rill.http.websocket.WebSocketMessage;
import rill.http.websocket.WebSocketMessage.Close;
import rill.http.websocket.WebSocketMessage.Text;
import rill.http.websocket.WebSocketOptions;
import rill.testing.RecordingReporter;

/** The chat, with our own client, and in a browser. */
@Tag("slow")
@Timeout(120)
class WebChatTest {
    private final RecordingReporter reporter = new RecordingReporter();
    private Loop loop; // the server's, on a thread of its own
    private Loop clients; // driven by await
    private String at;

    @TempDir
    private Path folder;

    @BeforeEach
    void start() throws IOException {
        loop = Loop.open(LoopOptions.defaults().reporter(reporter).slowHandle(Duration.ZERO));
        var address = (InetSocketAddress)
                WebChat.serve(loop, Loopback.ANY_PORT).await().address();
        at = "127.0.0.1:" + address.getPort();
        loop.start();
        clients = Loop.open();
    }

    @AfterEach
    void stop() {
        clients.close();
        loop.close();
        reporter.assertNone();
    }

    private Connection<WebSocketMessage, WebSocketMessage> join(String name) throws IOException {
        var socket =
                WebSocket.connect(clients, URI.create("ws://" + at + "/chat")).await();
        socket.write(WebSocketMessage.text(name));
        return socket;
    }

    @Test
    void members_hear_who_comes_what_is_said_and_who_leaves() throws IOException {
        clients.run(() -> {
            var ann = join("Ann");
            assertThat(ann.receive().await()).isEqualTo(new Text("* Ann has joined; here are: Ann"));
            var bob = join("Bob");
            assertThat(ann.receive().await()).isEqualTo(new Text("* Bob has joined; here are: Ann, Bob"));
            assertThat(bob.receive().await()).isEqualTo(new Text("* Bob has joined; here are: Ann, Bob"));
            bob.write(WebSocketMessage.text("grüß dich"));
            assertThat(ann.receive().await()).isEqualTo(new Text("Bob: grüß dich"));
            bob.close();
            assertThat(ann.receive().await()).isEqualTo(new Text("* Bob has left"));
            ann.finish().await();
        });
    }

    @Test
    void a_name_that_is_taken_is_refused_and_so_is_what_is_no_text() throws IOException {
        clients.run(() -> {
            var ann = join("Ann");
            assertThat(ann.receive().await()).isInstanceOf(Text.class);
            var other = join("Ann");
            assertThat(other.receive().await())
                    .isEqualTo(new Close(Close.POLICY, "that name is empty, too long or taken"));
            ann.write(WebSocketMessage.binary(new byte[1]));
            assertThat(ann.receive().await()).isEqualTo(new Close(Close.UNSUPPORTED, "only texts are read here"));
            ann.finish().await();
            other.finish().await();
        });
    }

    @Test
    void who_does_not_keep_up_misses_lines_and_stays() throws IOException {
        WebSocketOptions narrow = WebSocketOptions.defaults()
                .connect(ConnectOptions.defaults().option(StandardSocketOptions.SO_RCVBUF, 16 * 1024));
        clients.run(() -> {
            var ann = join("Ann");
            assertThat(ann.receive().await()).isInstanceOf(Text.class);
            var bob = WebSocket.connect(clients, URI.create("ws://" + at + "/chat"), narrow)
                    .await();
            bob.write(WebSocketMessage.text("Bob"));
            assertThat(ann.receive().await()).isInstanceOf(Text.class);
            String much = "x".repeat(4_000);
            for (int i = 0; i < 3_000; i++) { // more than the buffers of the system, ours, and the hard limit
                ann.write(WebSocketMessage.text(much)).await();
                assertThat(ann.receive().await()).isEqualTo(new Text("Ann: " + much));
            }
            Future<Boolean> heard = clients.task("Bob reads", () -> {
                for (var message = bob.receive().await();
                        message != null;
                        message = bob.receive().await()) {
                    if (message.equals(new Text("Ann: still there?"))) {
                        return true;
                    }
                }
                return false;
            });
            while (!heard.isDone()) {
                ann.write(WebSocketMessage.text("still there?")).await();
                ann.receive().await();
            }
            assertThat(heard.await()).isTrue();
            bob.abort().await();
            ann.finish().await();
        });
    }

    // ---- a browser

    /** Types a text; the button is enabled once the page is connected. */
    private static void type(Browser browser, String text) throws IOException {
        browser.await("document.querySelector('button').disabled", "\"value\":false");
        browser.evaluate("document.getElementById('text').value = '" + text
                + "'; document.getElementById('form').requestSubmit()");
    }

    private static void awaitLine(Browser browser, String line) throws IOException {
        browser.await("document.getElementById('log').innerText", line);
    }

    @Test
    void in_a_browser_one_joins_talks_and_hears_the_others() throws IOException {
        try (var browser = new Browser(clients, folder, "http://" + at + "/")) {
            var ann = join("Ann");
            assertThat(ann.receive().await()).isEqualTo(new Text("* Ann has joined; here are: Ann"));
            type(browser, "Bob");
            assertThat(ann.receive().await()).isEqualTo(new Text("* Bob has joined; here are: Ann, Bob"));
            awaitLine(browser, "* Bob has joined; here are: Ann, Bob");
            type(browser, "hello from a browser ✓");
            assertThat(ann.receive().await()).isEqualTo(new Text("Bob: hello from a browser ✓"));
            ann.write(WebSocketMessage.text("<b>hello</b> & welcome, Bob"));
            awaitLine(browser, "Ann: <b>hello</b> & welcome, Bob");
            browser.picture("chat");
            ann.finish().await();
            awaitLine(browser, "* Ann has left");
        }
    }
}
