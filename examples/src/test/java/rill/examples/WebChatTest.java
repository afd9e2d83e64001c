package rill.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import rill.Connection;
import rill.Loop;
import rill.LoopOptions;
import rill.http.ClientRequest;
import rill.http.HttpClient;
import rill.http.websocket.WebSocket;
import rill.http.websocket.WebSocketMessage;
import rill.http.websocket.WebSocketMessage.Close;
import rill.http.websocket.WebSocketMessage.Text;
import rill.http.websocket.WebSocketOptions;
import rill.testing.RecordingReporter;

/** The chat, by our own client, and in a browser. */
@Tag("slow")
@Timeout(120)
class WebChatTest {
    private final RecordingReporter reporter = new RecordingReporter();
    private Loop loop; // of the server, on a thread of its own
    private Loop clients; // driven by who awaits
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

    // ---- a browser, told what to do over a WebSocket as well

    /** A headless Chromium with one page. */
    private final class Browser implements AutoCloseable {
        private static final Pattern LISTENING = Pattern.compile("DevTools listening on ws://(127.0.0.1:\\d+)/");

        private final Process process;
        private final Connection<WebSocketMessage, WebSocketMessage> devTools;
        private int commands;

        Browser(String page) throws IOException {
            process = new ProcessBuilder(
                            chromium(),
                            "--headless=new",
                            "--no-sandbox",
                            "--disable-gpu",
                            "--disable-dev-shm-usage",
                            "--window-size=900,600",
                            "--remote-debugging-port=0",
                            "--user-data-dir=" + folder.resolve("profile"),
                            page)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            var said = new BufferedReader(new InputStreamReader(process.getErrorStream(), StandardCharsets.UTF_8));
            String host = null;
            for (String line = said.readLine(); line != null && host == null; line = said.readLine()) {
                Matcher found = LISTENING.matcher(line);
                host = found.find() ? found.group(1) : null;
            }
            assertThat(host).as("Chromium starts").isNotNull();
            Thread.ofPlatform().daemon().start(() -> said.lines().forEach(line -> {})); // or it would block
            devTools = WebSocket.connect(
                            clients,
                            URI.create(target(host, page)),
                            WebSocketOptions.defaults().messageBytes(50_000_000))
                    .await();
        }

        /** The page's own address for commands, once it is there. */
        private String target(String host, String page) throws IOException {
            Pattern socket = Pattern.compile("\"webSocketDebuggerUrl\": \"(ws:[^\"]*/page/[^\"]*)\"");
            HttpClient http = HttpClient.on(clients);
            while (true) {
                String list = http.send(ClientRequest.get(URI.create("http://" + host + "/json/list")))
                        .await()
                        .text()
                        .await();
                Matcher found = socket.matcher(list);
                if (list.contains(page) && found.find()) {
                    http.close();
                    return found.group(1);
                }
                clients.run(() -> clients.delay(Duration.ofMillis(20)).await());
            }
        }

        /** Gives the answer, as it is. */
        String command(String method, String parameters) throws IOException {
            int id = ++commands;
            devTools.write(WebSocketMessage.text(
                    "{\"id\": " + id + ", \"method\": \"" + method + "\", \"params\": {" + parameters + "}}"));
            while (true) {
                WebSocketMessage answer = devTools.receive().await();
                if (answer instanceof Text text && text.text().startsWith("{\"id\":" + id + ",")) {
                    return text.text();
                }
                assertThat(answer).as("what DevTools says").isInstanceOf(Text.class);
            }
        }

        String evaluate(String script) throws IOException {
            return command("Runtime.evaluate", "\"expression\": \"" + script.replace("\"", "\\\"") + "\"");
        }

        /** The button can be pressed once the page is connected. */
        void type(String text) throws IOException {
            while (!evaluate("document.querySelector('button').disabled").contains("\"value\":false")) {
                clients.run(() -> clients.delay(Duration.ofMillis(20)).await());
            }
            evaluate("document.getElementById('text').value = '" + text
                    + "'; document.getElementById('form').requestSubmit()");
        }

        void awaitLine(String line) throws IOException {
            while (!evaluate("document.getElementById('log').innerText").contains(line)) {
                clients.run(() -> clients.delay(Duration.ofMillis(20)).await());
            }
        }

        byte[] screenshot() throws IOException {
            Matcher data = Pattern.compile("\"data\":\"([^\"]*)\"")
                    .matcher(command("Page.captureScreenshot", "\"format\": \"png\""));
            assertThat(data.find()).isTrue();
            return Base64.getDecoder().decode(data.group(1));
        }

        @Override
        public void close() {
            devTools.abort();
            List<ProcessHandle> children = process.descendants().toList();
            Programs.end(process);
            children.forEach(ProcessHandle::destroyForcibly);
            children.forEach(each -> each.onExit().join());
        }
    }

    private static String chromium() {
        for (String name : List.of("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")) {
            if (Files.isExecutable(Path.of(name))) {
                return name;
            }
        }
        return abort("no Chromium is installed");
    }

    @Test
    void in_a_browser_one_joins_talks_and_hears_the_others() throws IOException {
        try (var browser = new Browser("http://" + at + "/")) {
            var ann = join("Ann");
            assertThat(ann.receive().await()).isEqualTo(new Text("* Ann has joined; here are: Ann"));
            browser.type("Bob");
            assertThat(ann.receive().await()).isEqualTo(new Text("* Bob has joined; here are: Ann, Bob"));
            browser.awaitLine("* Bob has joined; here are: Ann, Bob");
            browser.type("hello from a browser ✓");
            assertThat(ann.receive().await()).isEqualTo(new Text("Bob: hello from a browser ✓"));
            ann.write(WebSocketMessage.text("<b>hello</b> & welcome, Bob"));
            browser.awaitLine("Ann: <b>hello</b> & welcome, Bob");
            byte[] picture = browser.screenshot();
            assertThat(picture).startsWith(0x89, 'P', 'N', 'G').hasSizeGreaterThan(5_000);
            String keep = System.getProperty("rill.screenshots");
            if (keep != null) {
                Files.write(Path.of(keep, "chat.png"), picture);
            }
            ann.finish().await();
            browser.awaitLine("* Ann has left");
        }
    }
}
