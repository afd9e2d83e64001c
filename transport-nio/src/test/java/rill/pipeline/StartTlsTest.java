package rill.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import rill.Connection;
import rill.Pipeline;
import rill.testing.IntFrames;
import rill.testing.TextLines;

/** TLS put under a protocol that is already running, as in SMTP. */
@Tag("slow")
class StartTlsTest extends OverSockets {
    private static final Pipeline<String, String> LINES = TextLines.pipeline();
    private static final Pipeline<ByteBuf, ByteBuf> FRAMES = Pipeline.of(new IntFrames(1 << 20));

    private final TlsLayer serverTls = Certificates.FOR_LOCALHOST.server();
    private final TlsLayer clientTls = Certificates.FOR_LOCALHOST.client();

    /** STARTTLS is answered in plain text, STARTTLS-NOW is not; afterwards SWITCH leads to frames over the same TLS. */
    private InetSocketAddress server() throws IOException {
        return listen(
                LINES,
                connection -> connection.onMessage(line -> {
                    if (!line.startsWith("STARTTLS")) {
                        connection.write("plain " + line);
                        return;
                    }
                    connection.stop();
                    if (line.equals("STARTTLS")) {
                        connection.write("go ahead");
                    }
                    secure(connection.become(LINES.over(serverTls)));
                }));
    }

    private void secure(Connection<String, String> secure) {
        secure.onMessage(line -> {
            if (line.equals("SWITCH")) {
                secure.stop();
                Connection<ByteBuf, ByteBuf> frames = secure.become(FRAMES.over(serverTls));
                frames.onMessage(frames::write);
            } else {
                secure.write("secure " + line);
            }
        });
    }

    private static ByteBuf frame(String text) {
        return Unpooled.copiedBuffer(text, StandardCharsets.US_ASCII);
    }

    private static String text(ByteBuf frame) {
        try {
            return frame.toString(StandardCharsets.US_ASCII);
        } finally {
            frame.release();
        }
    }

    @Test
    void both_sides_put_tls_under_a_running_protocol() throws IOException {
        Connection<String, String> plain = connect(server(), LINES);
        run(() -> {
            plain.write("a");
            assertThat(plain.receive().await()).isEqualTo("plain a");
            plain.write("STARTTLS");
            assertThat(plain.receive().await()).isEqualTo("go ahead");
            Connection<String, String> secure = plain.become(LINES.over(clientTls));
            secure.write("b"); // held until the handshake is over
            secure.write("c");
            assertThat(secure.receive().await()).isEqualTo("secure b");
            assertThat(secure.receive().await()).isEqualTo("secure c");
            secure.finish().await();
            return "done";
        });
        assertThat(serverFailures).isEmpty();
        assertThat(reports).isEmpty();
    }

    @Test
    void the_next_protocols_bytes_may_follow_in_the_same_segment() throws IOException {
        Connection<String, String> plain = connect(server(), LINES);
        run(() -> {
            plain.write("STARTTLS-NOW");
            Connection<String, String> secure = plain.become(LINES.over(clientTls));
            secure.write("early");
            assertThat(secure.receive().await()).isEqualTo("secure early");
            return "done";
        });
        assertThat(serverFailures).isEmpty();
    }

    @Test
    void tls_stays_while_the_codec_above_it_is_replaced_and_leftovers_enter_the_new_one() throws IOException {
        Connection<String, String> plain = connect(server(), LINES);
        run(() -> {
            plain.write("STARTTLS-NOW");
            Connection<String, String> secure = plain.become(LINES.over(clientTls));
            secure.write("x");
            assertThat(secure.receive().await()).isEqualTo("secure x");
            secure.write("SWITCH");
            Connection<ByteBuf, ByteBuf> frames = secure.become(FRAMES.over(clientTls));
            frames.write(frame("same"));
            frames.write(frame("tick"));
            assertThat(text(frames.receive().await())).isEqualTo("same");
            assertThat(text(frames.receive().await())).isEqualTo("tick");
            return "done";
        });
        assertThat(serverFailures).isEmpty();
    }

    @Test
    void an_ordinary_blocking_tls_client_is_understood() throws Exception {
        loop.start();
        InetSocketAddress address = server();
        Socket socket = socketTo(address);
        socket.getOutputStream().write("STARTTLS\n".getBytes(StandardCharsets.US_ASCII));
        assertThat(readLine(socket)).isEqualTo("go ahead");
        SSLSocket secure = closing((SSLSocket) Certificates.FOR_LOCALHOST
                .context()
                .getSocketFactory()
                .createSocket(socket, "localhost", address.getPort(), true));
        secure.getOutputStream().write("one\ntwo\n".getBytes(StandardCharsets.US_ASCII));
        var in = new BufferedReader(new InputStreamReader(secure.getInputStream(), StandardCharsets.US_ASCII));
        assertThat(in.readLine()).isEqualTo("secure one");
        assertThat(in.readLine()).isEqualTo("secure two");
        secure.shutdownOutput(); // close_notify, but no end of the TCP stream
        assertThat(in.readLine()).as("the answer to close_notify").isNull();
        assertThat(serverFailures).isEmpty();
    }

    @Test
    void an_ordinary_blocking_tls_server_is_understood() throws Exception {
        try (var listener = new ServerSocket(0, 1, Certificates.loopback())) {
            var server = CompletableFuture.supplyAsync(() -> serveOnce(listener));
            Connection<String, String> plain = connect(listener.getLocalSocketAddress(), LINES);
            run(() -> {
                plain.write("STARTTLS");
                assertThat(plain.receive().await()).isEqualTo("go ahead");
                Connection<String, String> secure = plain.become(LINES.over(clientTls));
                secure.write("hello");
                assertThat(secure.receive().await()).isEqualTo("you said hello");
                assertThat(secure.receive().await()).as("close_notify").isNull();
                secure.finish().await();
                return "done";
            });
            assertThat(server.join()).isEqualTo("hello, then null");
        }
    }

    private String serveOnce(ServerSocket listener) {
        try {
            Socket socket = closing(listener.accept());
            readLine(socket);
            socket.getOutputStream().write("go ahead\n".getBytes(StandardCharsets.US_ASCII));
            SSLSocket secure = closing((SSLSocket)
                    Certificates.FOR_LOCALHOST.context().getSocketFactory().createSocket(socket, null, true));
            secure.setUseClientMode(false);
            var in = new BufferedReader(new InputStreamReader(secure.getInputStream(), StandardCharsets.US_ASCII));
            String line = in.readLine();
            secure.getOutputStream().write(("you said " + line + "\n").getBytes(StandardCharsets.US_ASCII));
            secure.shutdownOutput();
            return line + ", then " + in.readLine();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    /** Reads byte by byte, since what follows the line is not ours to read. */
    private static String readLine(Socket socket) throws IOException {
        var line = new StringBuilder();
        for (int c = socket.getInputStream().read();
                c != '\n';
                c = socket.getInputStream().read()) {
            line.append((char) c);
        }
        return line.toString();
    }
}
