package rill.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import rill.ConnectOptions;
import rill.Connection;
import rill.ConnectionLimits;
import rill.Future;
import rill.ListenOptions;
import rill.Listener;
import rill.Pipeline;
import rill.Report;
import rill.testing.IntFrames;
import rill.testing.TextLines;

/** TLS from the first byte: large volumes, and everything that can go wrong. */
@Tag("slow")
class TlsTest extends OverSockets {
    private static final Pipeline<String, String> LINES = TextLines.pipeline();

    private final TlsLayer serverTls = Certificates.FOR_LOCALHOST.server();
    private final TlsLayer clientTls = Certificates.FOR_LOCALHOST.client();

    private InetSocketAddress echo(TlsLayer tls) throws IOException {
        return listen(LINES.over(tls), connection -> connection.onMessage(connection::write));
    }

    private void assertEchoes(InetSocketAddress address) throws IOException {
        Connection<String, String> connection = connect(address, LINES.over(clientTls));
        run(() -> {
            connection.write("still there?");
            assertThat(connection.receive().await()).isEqualTo("still there?");
            connection.finish().await();
            return "done";
        });
    }

    @Test
    void five_mebibytes_go_both_ways_within_the_water_marks() throws IOException {
        int frameSize = 40_000;
        int frames = 5 * 1024 * 1024 / frameSize + 1;
        long seed = 7;
        byte[] content = new byte[frameSize];
        new Random(seed).nextBytes(content);
        Pipeline<ByteBuf, ByteBuf> pipeline = Pipeline.of(new IntFrames(1 << 20));
        InetSocketAddress address = listen(
                pipeline.over(serverTls),
                connection -> loop.task(() -> {
                    for (ByteBuf frame = connection.receive().await(); frame != null; ) {
                        connection.write(frame).await();
                        frame = connection.receive().await();
                    }
                    return connection.finish();
                }));
        var options = ConnectOptions.defaults()
                .limits(ConnectionLimits.defaults().waterMarks(64 * 1024, 128 * 1024, 256 * 1024));
        Connection<ByteBuf, ByteBuf> connection = await(loop.connect(address, pipeline.over(clientTls), options));
        int waits = run(() -> {
            var sender = loop.task(() -> {
                int waited = 0;
                for (int i = 0; i < frames; i++) {
                    Future<?> accepted =
                            connection.write(Unpooled.copiedBuffer(content).setInt(0, i));
                    waited += accepted.isDone() ? 0 : 1;
                    accepted.await();
                }
                return waited;
            });
            for (int i = 0; i < frames; i++) {
                ByteBuf frame = connection.receive().await();
                assertThat(frame.getInt(0)).isEqualTo(i);
                frame.setBytes(0, content, 0, 4);
                assertThat(frame).as("frame %d, seed %d", i, seed).isEqualTo(Unpooled.wrappedBuffer(content));
                frame.release();
            }
            int waited = sender.await();
            connection.finish().await();
            return waited;
        });
        assertThat(waits).as("writes that had to wait for the low-water mark").isPositive();
        assertThat(serverFailures).isEmpty();
        assertThat(reports).isEmpty();
    }

    @Test
    void a_certificate_for_another_host_or_of_somebody_unknown_fails_with_its_cause() throws IOException {
        TlsLayer wrongHost = Certificates.FOR_ANOTHER.server();
        for (TlsLayer client : List.of(Certificates.FOR_ANOTHER.client(), clientTls)) {
            reports.clear();
            assertThatThrownBy(() -> connect(echo(wrongHost), LINES.over(client)))
                    .isInstanceOf(SSLHandshakeException.class);
            assertHandshakeFailed();
        }
        assertEchoes(echo(serverTls));
    }

    @Test
    void a_stream_cut_off_without_close_notify_is_a_failure_and_not_an_end() throws Exception {
        var ends = Collections.synchronizedList(new ArrayList<String>());
        loop.start();
        InetSocketAddress address = listen(
                LINES.over(serverTls), connection -> connection.onMessage(connection::write, () -> ends.add("end")));
        Socket socket = socketTo(address);
        SSLSocket secure = closing((SSLSocket) Certificates.FOR_LOCALHOST
                .context()
                .getSocketFactory()
                .createSocket(socket, "localhost", address.getPort(), true));
        secure.getOutputStream().write("x\n".getBytes(StandardCharsets.US_ASCII));
        assertThat(secure.getInputStream().read()).isEqualTo('x');
        assertThat(secure.getInputStream().read()).isEqualTo('\n');
        socket.shutdownOutput(); // FIN beneath TLS
        until("the server has noticed", () -> !serverFailures.isEmpty());
        assertThat(serverFailures).singleElement().isInstanceOf(SSLException.class);
        assertThat(ends).isEmpty();
    }

    @Test
    void plain_text_to_a_tls_port_fails_that_connection_only() throws IOException {
        InetSocketAddress address = echo(serverTls);
        Connection<String, String> plain = connect(address, LINES);
        run(() -> plain.write("GET / HTTP/1.1"));
        assertHandshakeFailed();
        assertEchoes(address);
    }

    /** For a connection that was not handed to any handler. */
    private void assertHandshakeFailed() throws IOException {
        until("it was reported", () -> !reports.isEmpty());
        assertThat(serverFailures).isEmpty();
        assertThat(reports)
                .singleElement()
                .isInstanceOfSatisfying(
                        Report.ConnectionFailed.class,
                        failed -> assertThat(failed.cause()).isInstanceOf(SSLException.class));
    }

    @Test
    void a_handshake_that_never_ends_fails_at_its_timeout() throws IOException {
        try (var silent = new ServerSocket(0, 1, Certificates.loopback())) {
            TlsLayer impatient = Certificates.FOR_LOCALHOST.client(Duration.ofMillis(20));
            assertThatThrownBy(() -> connect(silent.getLocalSocketAddress(), LINES.over(impatient)))
                    .isInstanceOf(SSLException.class)
                    .hasMessageContaining("20 ms");
        }
    }

    @Test
    void a_close_in_the_middle_of_the_handshake_gives_up_after_the_bound_of_closing() throws IOException {
        var limits =
                ConnectionLimits.defaults().closeProgress(Duration.ofMillis(10)).drainBytes(1024);
        var ends = Collections.synchronizedList(new ArrayList<Future<?>>());
        var options = ListenOptions.defaults().limits(limits);
        Listener listener = await(loop.listen(ANY_PORT, LINES, options, connection -> {
            Connection<String, String> secret = connection.become(LINES.over(serverTls));
            secret.write("never sent");
            ends.add(secret.flush());
            ends.add(secret.finish());
        }));
        socketTo((InetSocketAddress) listener.address()); // and sends nothing
        until("it was accepted", () -> ends.size() == 2);
        assertThatThrownBy(() -> await(ends.getFirst())).isInstanceOf(IOException.class);
        await(ends.getLast());
        assertThat(loop.connections()).isZero();
        assertThat(reports).isEmpty();
    }

    @Test
    void what_was_written_before_a_close_in_the_handshake_still_arrives() throws IOException {
        var received = Collections.synchronizedList(new ArrayList<String>());
        InetSocketAddress address = listen(
                LINES.over(serverTls),
                connection -> connection.onMessage(received::add, () -> {
                    received.add("end");
                    connection.close();
                }));
        Connection<String, String> connection = connect(address, LINES.over(clientTls));
        run(() -> {
            connection.write("last words");
            return connection.finish();
        });
        await(connection.closed());
        until("the end has come", () -> received.contains("end"));
        assertThat(received).containsExactly("last words", "end");
        assertThat(serverFailures).isEmpty();
    }
}
