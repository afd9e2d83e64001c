package rill.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import rill.Connection;
import rill.Loop;
import rill.http.ClientRequest;
import rill.http.HttpClient;
import rill.http.websocket.WebSocket;
import rill.http.websocket.WebSocketMessage;
import rill.http.websocket.WebSocketMessage.Text;
import rill.http.websocket.WebSocketOptions;

/** A headless Chromium with one page, controlled over a WebSocket. */
final class Browser implements AutoCloseable {
    private static final Pattern LISTENING = Pattern.compile("DevTools listening on ws://(127.0.0.1:\\d+)/");

    private final Loop clients;
    private final Process process;
    private final Connection<WebSocketMessage, WebSocketMessage> devTools;
    private int commands;

    /** Skips the test if no Chromium is installed. Every await drives the loop; the folder is for files that the browser writes. */
    Browser(Loop clients, Path folder, String page) throws IOException {
        this.clients = clients;
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
        Thread.ofPlatform().daemon().start(() -> said.lines().forEach(line -> {})); // otherwise it would block
        devTools = WebSocket.connect(
                        clients,
                        URI.create(target(host, page)),
                        WebSocketOptions.defaults().messageBytes(50_000_000))
                .await();
    }

    /** Returns the page's own address for commands, once it exists. */
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

    /** Sends a command, and returns the raw answer. */
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

    /** Waits until the value of the script contains {@code value}. */
    void await(String script, String value) throws IOException {
        while (!evaluate(script).contains(value)) {
            clients.run(() -> clients.delay(Duration.ofMillis(20)).await());
        }
    }

    /** Takes a screenshot, which is kept in the folder {@code rill.screenshots} for people to look at. */
    void picture(String name) throws IOException {
        byte[] picture = screenshot();
        assertThat(picture).startsWith(0x89, 'P', 'N', 'G').hasSizeGreaterThan(5_000);
        String keep = System.getProperty("rill.screenshots");
        if (keep != null) {
            Files.write(Path.of(keep, name + ".png"), picture);
        }
    }

    private byte[] screenshot() throws IOException {
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

    private static String chromium() {
        for (String name : List.of("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")) {
            if (Files.isExecutable(Path.of(name))) {
                return name;
            }
        }
        // ./rill says so, as on Ubuntu for arm64: then no test is missing that could have run.
        boolean lacking = List.of(
                        System.getenv().getOrDefault("RILL_LACKING", "").split(" ", -1))
                .contains("chromium");
        return abort(lacking ? "left out by nature: this distribution has no Chromium" : "no Chromium is installed");
    }
}
