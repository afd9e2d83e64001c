package rill.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;
import rill.Connection;
import rill.Loop;
import rill.LoopOptions;
import rill.Pipeline;
import rill.codec.tls.Identity;
import rill.codec.tls.Pem;
import rill.codec.tls.Tls;
import rill.http.websocket.WebSocket;
import rill.http.websocket.WebSocketInfo;
import rill.http.websocket.WebSocketMessage;
import rill.http.websocket.WebSocketMessage.Binary;
import rill.http.websocket.WebSocketMessage.Close;
import rill.http.websocket.WebSocketMessage.Ping;
import rill.http.websocket.WebSocketMessage.Text;
import rill.http.websocket.WebSocketMessage.TextPart;
import rill.http.websocket.WebSocketOptions;
import rill.testing.UnderTest;
import rill.testkit.Authority;

/** WebSockets with other projects' servers and clients: ws for Node, and websockets for Python. */
@Tag("slow")
@Timeout(120)
@ParameterizedClass(name = "over {0}")
@MethodSource("transports")
class WebSocketPeersTest {
    /** One transport of pure JDK, and one with system calls: the others make no difference to a peer. */
    static List<String> transports() {
        return UnderTest.names().stream()
                .filter(name -> !name.equals("epoll-nio"))
                .toList();
    }

    @Parameter
    private String transport;

    private static final List<Integer> SIZES = List.of(0, 1, 125, 126, 65_535, 65_536, 700_000);
    private static final WebSocketOptions DEFLATE =
            WebSocketOptions.defaults().deflate(true).deflateFrom(1).subprotocols("echo");

    private final Authority authority = Authority.create();
    private Loop loop; // the servers', on a thread of its own
    private Loop clients; // driven by await

    @TempDir
    private Path folder;

    @BeforeEach
    void open() throws IOException {
        LoopOptions options = LoopOptions.defaults()
                .transport(UnderTest.transport(transport))
                .slowHandle(Duration.ZERO)
                .reporter(report -> {});
        loop = Loop.open(options).start();
        clients = Loop.open(options);
        Authority.Issued issued = authority.issue("localhost", "127.0.0.1");
        Files.writeString(folder.resolve("ca.pem"), Authority.pem(authority.certificate()));
        Files.writeString(folder.resolve("server.pem"), issued.chainPem());
        Files.writeString(folder.resolve("server.key"), issued.keyPem());
    }

    @AfterEach
    void close() {
        clients.close();
        loop.close();
    }

    // ---- programs

    /** A running peer. Its arguments are {@code arguments}, and its first line says that it is ready, and at which port. */
    private final class Peer implements AutoCloseable {
        private final Process process;
        private final BufferedReader output;

        Peer(List<String> program, String script, String suffix, String... arguments) throws IOException {
            Path file = folder.resolve("peer" + suffix);
            Files.writeString(file, script);
            var command = new ArrayList<>(program);
            command.add(file.toString());
            command.addAll(List.of(arguments));
            var builder = new ProcessBuilder(command).redirectErrorStream(true);
            builder.environment().put("NODE_PATH", "/usr/share/nodejs:/usr/lib/node_modules");
            builder.environment()
                    .put("NODE_EXTRA_CA_CERTS", folder.resolve("ca.pem").toString());
            process = builder.start();
            output = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        }

        int port() throws IOException {
            return Integer.parseInt(Objects.requireNonNull(output.readLine(), "the peer has ended"));
        }

        String rest() throws IOException {
            return String.join("\n", output.lines().toList());
        }

        @Override
        public void close() throws IOException {
            Programs.end(process);
            output.close();
        }
    }

    private static List<String> node() throws IOException, InterruptedException {
        String node = Programs.required("node");
        var probe = new ProcessBuilder(node, "-e", "require('ws')");
        probe.environment().put("NODE_PATH", "/usr/share/nodejs:/usr/lib/node_modules");
        return Programs.run(probe).status() == 0 ? List.of(node) : abort("ws of Node is not installed");
    }

    /** Debian's own, which has its packages. */
    private static List<String> python() throws IOException, InterruptedException {
        String python =
                Files.isExecutable(Path.of("/usr/bin/python3")) ? "/usr/bin/python3" : Programs.required("python3");
        boolean there = Programs.run(new ProcessBuilder(python, "-c", "import websockets"))
                        .status()
                == 0;
        return there ? List.of(python) : abort("python3-websockets is not installed");
    }

    // ---- as a client of theirs

    private static final String NODE_SERVER = """
            const { WebSocketServer } = require('ws');
            const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: { threshold: 0 },
              maxPayload: 10000000, handleProtocols: names => names.has('echo') ? 'echo' : false });
            server.on('listening', () => console.log(server.address().port));
            server.on('connection', socket => {
              socket.on('message', (data, binary) => socket.send(data, { binary }));
              socket.on('ping', data => socket.send('pinged ' + data));
              socket.on('close', (code, reason) => { console.log('closed', code, reason.toString()); server.close(); });
              socket.on('error', error => console.log('error', error.message));
            });
            """;

    private static final String PYTHON_SERVER = """
            import asyncio, websockets, sys, ssl
            from websockets.exceptions import ConnectionClosed
            done = asyncio.Event()
            async def echo(socket, path=None):
                try:
                    while True:
                        message = await socket.recv()
                        await socket.send(message)
                except ConnectionClosed as closed:
                    print('closed', closed.rcvd.code, closed.rcvd.reason, flush=True)
                    done.set()
            async def main():
                secure = None
                if len(sys.argv) > 1:
                    secure = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                    secure.load_cert_chain(sys.argv[1], sys.argv[2])
                async with websockets.serve(echo, '127.0.0.1', 0, max_size=10000000, subprotocols=['echo'], ssl=secure) as server:
                    print(list(server.sockets)[0].getsockname()[1], flush=True)
                    await done.wait()
            asyncio.run(main())
            """;

    private void talkTo(URI uri, WebSocketOptions options) throws IOException {
        clients.run(() -> {
            var socket = WebSocket.connect(clients, uri, options).await();
            WebSocketInfo info = socket.info(WebSocketInfo.class).orElseThrow();
            assertThat(info.deflate()).isEqualTo(options.deflate());
            assertThat(info.subprotocol()).isEqualTo(options.subprotocols().isEmpty() ? null : "echo");
            for (int size : SIZES) {
                var text = new Text("é".repeat(size / 2));
                socket.write(text);
                assertThat(socket.receive().await()).isEqualTo(text);
                socket.write(WebSocketMessage.binary(noise(size)));
                assertThat(socket.receive().await())
                        .isInstanceOfSatisfying(
                                Binary.class,
                                binary -> assertThat(binary.bytes()).isEqualTo(noise(size)));
            }
            socket.write(new TextPart("in ", false));
            socket.write(new Ping(new byte[0]));
            socket.write(new TextPart("two", true));
            WebSocketMessage next = socket.receive().await();
            if (next.equals(new Text("pinged "))) {
                next = socket.receive().await();
            }
            assertThat(next).isEqualTo(new Text("in two"));
            socket.write(new Close(4001, "enough"));
            assertThat(socket.receive().await())
                    .isInstanceOfSatisfying(
                            Close.class, close -> assertThat(close.code()).isEqualTo(4001));
            assertThat(socket.receive().await()).isNull();
            socket.finish().await();
        });
    }

    private static byte[] noise(int size) {
        var bytes = new byte[size];
        new Random(size).nextBytes(bytes);
        return bytes;
    }

    @Test
    void a_client_of_ws() throws Exception {
        try (var peer = new Peer(node(), NODE_SERVER, ".js")) {
            talkTo(URI.create("ws://127.0.0.1:" + peer.port()), DEFLATE);
            assertThat(peer.rest()).isEqualTo("closed 4001 enough");
        }
    }

    @Test
    void a_client_of_ws_without_compression() throws Exception {
        try (var peer = new Peer(node(), NODE_SERVER, ".js")) {
            talkTo(URI.create("ws://127.0.0.1:" + peer.port()), WebSocketOptions.defaults());
            assertThat(peer.rest()).isEqualTo("closed 4001 enough");
        }
    }

    @Test
    void a_client_of_websockets() throws Exception {
        try (var peer = new Peer(python(), PYTHON_SERVER, ".py")) {
            talkTo(URI.create("ws://127.0.0.1:" + peer.port()), DEFLATE);
            assertThat(peer.rest()).isEqualTo("closed 4001 enough");
        }
    }

    @Test
    void a_client_of_websockets_over_tls() throws Exception {
        try (var peer = new Peer(
                python(),
                PYTHON_SERVER,
                ".py",
                folder.resolve("server.pem").toString(),
                folder.resolve("server.key").toString())) {
            talkTo(
                    URI.create("wss://localhost:" + peer.port()),
                    DEFLATE.tls(Tls.client().trust(Pem.certificates(folder.resolve("ca.pem")))));
            assertThat(peer.rest()).isEqualTo("closed 4001 enough");
        }
    }

    // ---- as their server

    private static final String NODE_CLIENT = """
            const WebSocket = require('ws');
            const socket = new WebSocket(process.argv[2], ['x', 'echo'], { perMessageDeflate: { threshold: 0 } });
            const sizes = [0, 1, 125, 126, 65535, 65536, 700000];
            const sent = [];
            for (const size of sizes) { sent.push(Buffer.alloc(size, 'ab')); sent.push('é'.repeat(size / 2)); }
            let received = 0;
            socket.on('open', () => {
              console.log('open', socket.protocol, socket.extensions);
              for (const each of sent) socket.send(each);
              socket.send('in ', { fin: false }); socket.send('two', { fin: true });
            });
            socket.on('message', (data, binary) => {
              if (received < sent.length) {
                const expected = sent[received++];
                if (binary !== (typeof expected !== 'string') || Buffer.compare(data, Buffer.from(expected)) !== 0) console.log('differs', received);
                return;
              }
              console.log(data.toString());
              socket.ping('are you there');
            });
            socket.on('pong', data => { console.log('pong', data.toString()); socket.close(4002, 'done'); });
            socket.on('close', (code, reason) => console.log('closed', code, reason.toString()));
            socket.on('error', error => console.log('error', error.message));
            """;

    private static final String PYTHON_CLIENT = """
            import asyncio, websockets, sys, ssl
            async def main():
                secure = ssl.create_default_context(cafile=sys.argv[2]) if sys.argv[1].startswith('wss') else None
                async with websockets.connect(sys.argv[1], max_size=10000000, subprotocols=['echo'], ssl=secure) as socket:
                    print('open', socket.subprotocol, [e.name for e in socket.extensions])
                    for size in [0, 1, 125, 126, 65535, 65536, 700000]:
                        for each in (b'ab' * size, 'é' * size):
                            if size == 700000: each = each[:900000]
                            await socket.send(each)
                            if await socket.recv() != each: print('differs', size)
                    await socket.send(['in ', 'two'])
                    print(await socket.recv())
                    await (await socket.ping(b'are you there'))
                    print('pong')
                    await socket.close(4002, 'done')
                    print('closed', socket.close_code, socket.close_reason)
            asyncio.run(main())
            """;

    private String served(List<String> program, String script, String suffix, boolean secure) throws IOException {
        Pipeline<WebSocketMessage, WebSocketMessage> plain = WebSocket.server(DEFLATE.messageBytes(2_000_000));
        Pipeline<WebSocketMessage, WebSocketMessage> pipeline = secure
                ? plain.over(Tls.server(Identity.pem(folder.resolve("server.pem"), folder.resolve("server.key"))))
                : plain;
        var address = (InetSocketAddress) loop.listen(
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), pipeline, WebSocketPeersTest::echo)
                .await()
                .address();
        String uri = (secure ? "wss://localhost:" : "ws://127.0.0.1:") + address.getPort() + "/";
        try (var peer =
                new Peer(program, script, suffix, uri, folder.resolve("ca.pem").toString())) {
            return peer.rest();
        }
    }

    private static void echo(Connection<WebSocketMessage, WebSocketMessage> connection) {
        connection.onMessage(message -> {
            if (!(message instanceof Close)) {
                connection.write(message);
            }
        });
    }

    @Test
    void a_server_of_ws() throws Exception {
        assertThat(served(node(), NODE_CLIENT, ".js", false)).isEqualTo("""
                open echo permessage-deflate
                in two
                pong are you there
                closed 4002\s""");
    }

    @Test
    void a_server_of_ws_over_tls() throws Exception {
        assertThat(served(node(), NODE_CLIENT, ".js", true)).endsWith("closed 4002 ");
    }

    @Test
    void a_server_of_websockets() throws Exception {
        assertThat(served(python(), PYTHON_CLIENT, ".py", false)).isEqualTo("""
                open echo ['permessage-deflate']
                in two
                pong
                closed 4002\s""");
    }

    @Test
    void a_server_of_websockets_over_tls() throws Exception {
        assertThat(served(python(), PYTHON_CLIENT, ".py", true)).endsWith("closed 4002 ");
    }

    /** Records what arrives, until it is closed. */
    private static final class Notes implements java.net.http.WebSocket.Listener {
        private final StringBuilder text = new StringBuilder();
        private final CompletableFuture<String> closed = new CompletableFuture<>();

        @Override
        public CompletionStage<?> onText(java.net.http.WebSocket socket, CharSequence data, boolean last) {
            text.append(data);
            if (last) {
                socket.sendPing(ByteBuffer.wrap(new byte[] {'?'}));
            }
            socket.request(1);
            return CompletableFuture.completedStage(null);
        }

        @Override
        public CompletionStage<?> onPong(java.net.http.WebSocket socket, ByteBuffer message) {
            socket.sendClose(4003, "enough");
            socket.request(1);
            return CompletableFuture.completedStage(null);
        }

        @Override
        public CompletionStage<?> onClose(java.net.http.WebSocket socket, int code, String reason) {
            closed.complete(text + " " + code);
            return CompletableFuture.completedStage(null);
        }

        @Override
        public void onError(java.net.http.WebSocket socket, Throwable error) {
            closed.completeExceptionally(error);
        }
    }

    @Test
    void a_server_of_the_jdk() throws Exception {
        var address = (InetSocketAddress) loop.listen(
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                        WebSocket.server(DEFLATE),
                        WebSocketPeersTest::echo)
                .await()
                .address();
        try (var client = java.net.http.HttpClient.newHttpClient()) {
            var notes = new Notes();
            var socket = client.newWebSocketBuilder()
                    .subprotocols("echo")
                    .buildAsync(URI.create("ws://127.0.0.1:" + address.getPort()), notes)
                    .get(20, TimeUnit.SECONDS);
            assertThat(socket.getSubprotocol()).isEqualTo("echo");
            socket.sendText("in ", false).get(20, TimeUnit.SECONDS);
            socket.sendText("two ü", true).get(20, TimeUnit.SECONDS);
            assertThat(notes.closed.get(20, TimeUnit.SECONDS)).isEqualTo("in two ü 4003");
        }
    }
}
