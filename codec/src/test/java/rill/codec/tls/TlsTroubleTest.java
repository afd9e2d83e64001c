package rill.codec.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import rill.ConnectOptions;
import rill.Connection;
import rill.DeadlineException;
import rill.Future;
import rill.Listener;
import rill.Pipeline;
import rill.Promise;
import rill.ProtocolException;
import rill.codec.Lines;
import rill.codec.Text;
import rill.codec.resp.Command;
import rill.codec.resp.Reply;
import rill.codec.resp.Resp;

/** Tests TLS with peers that do nothing, or the wrong thing, and actions during a handshake. */
class TlsTroubleTest extends TlsRig {
    // ---- peers that do nothing, or the wrong thing

    @Test
    void a_handshake_that_the_peer_never_begins_ends_at_its_deadline() throws Exception {
        try (var silent = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            TlsClient impatient = Certificates.client().handshakeTimeout(Duration.ofMillis(50));
            assertThatThrownBy(() -> connect(silent.getLocalSocketAddress(), impatient))
                    .isInstanceOf(DeadlineException.class)
                    .hasMessageContaining("no handshake within 50 ms")
                    .hasMessageContaining("the peer has sent nothing");
            ConnectOptions hasty = ConnectOptions.defaults().timeout(Duration.ofMillis(50));
            assertThatThrownBy(() -> loop.connect(
                                    silent.getLocalSocketAddress(),
                                    Pipeline.bytes().over(Certificates.client()),
                                    hasty)
                            .await())
                    .isInstanceOf(DeadlineException.class)
                    .hasMessageContaining("its layer TlsSession was not ready");
        }
    }

    @Test
    void a_client_that_never_begins_is_let_go_and_others_are_served() throws Exception {
        SocketAddress address = echo(Certificates.server().handshakeTimeout(Duration.ofMillis(100)));
        try (var silent = new Socket(InetAddress.getLoopbackAddress(), ((InetSocketAddress) address).getPort())) {
            silent.setSoTimeout(20_000);
            Connection<ByteBuf, ByteBuf> other = connect(echo(Certificates.server()), Certificates.client());
            other.write(text("hello"));
            assertThat(receive(other, 5)).asString().isEqualTo("hello");
            loop.start();
            assertThat(silent.getInputStream().readAllBytes())
                    .as("an alert, and the end")
                    .startsWith(21);
        }
    }

    @Test
    void plain_text_to_a_tls_port_and_tls_to_a_plain_one_are_named() throws Exception {
        Connection<ByteBuf, ByteBuf> plain =
                loop.connect(echo(Certificates.server()), Pipeline.bytes()).await();
        plain.write(text("GET / HTTP/1.1\r\n\r\n"));
        assertThat(refused.timeout(LONG).await())
                .isInstanceOf(TlsException.class)
                .hasMessageContaining("it begins with \"GET / HTTP/1.1\", which is plain text");
        Promise<Throwable> plainTold = loop.promise();
        Listener redis = loop.<Command, Reply>listen(ANY_PORT, Resp.server(), connection -> {
                    connection.onFailure(failure -> plainTold.complete(failure.cause()));
                    connection.onMessage(command -> {});
                })
                .await();
        Future<Connection<ByteBuf, ByteBuf>> wrong =
                loop.connect(redis.address(), Pipeline.bytes().over(Certificates.client()));
        assertThatThrownBy(() -> wrong.timeout(LONG).await()).isInstanceOf(IOException.class);
        assertThat(plainTold.timeout(LONG).await())
                .isInstanceOf(ProtocolException.class)
                .hasMessageContaining("which begins as TLS does");
        Listener greeting = loop.<ByteBuf, ByteBuf>listen(
                        ANY_PORT, Pipeline.bytes(), connection -> connection.write(text("220 mail.test ready\r\n")))
                .await();
        assertThatThrownBy(() -> connect(greeting.address(), Certificates.client()))
                .isInstanceOf(TlsException.class)
                .hasMessageContaining("it begins with \"220 mail.test ready\"");
    }

    @Test
    void who_blocks_in_a_trust_manager_or_for_a_name_holds_up_nobody_else() throws IOException {
        var mayGoOn = new CountDownLatch(2);
        X509TrustManager slow = new X509TrustManager() {
            @Override
            public void checkClientTrusted(X509Certificate[] chain, String authType) {}

            @Override
            public void checkServerTrusted(X509Certificate[] chain, String authType) {
                await(mayGoOn);
            }

            @Override
            public X509Certificate[] getAcceptedIssuers() {
                return new X509Certificate[0];
            }
        };
        Identity identity = Certificates.of("server.test");
        SocketAddress address = echo(Certificates.server());
        SocketAddress slowNames = echo(Tls.server(name -> {
            await(mayGoOn);
            return identity;
        }));
        Future<Connection<ByteBuf, ByteBuf>> one = loop.connect(
                address, Pipeline.bytes().over(Certificates.client().trust(slow)));
        Future<Connection<ByteBuf, ByteBuf>> two =
                loop.connect(slowNames, Pipeline.bytes().over(Certificates.client()));
        Connection<ByteBuf, ByteBuf> other = connect(address, Certificates.client());
        other.write(text("hello"));
        assertThat(receive(other, 5)).asString().isEqualTo("hello");
        assertThat(one.isDone()).isFalse();
        assertThat(two.isDone()).isFalse();
        mayGoOn.countDown();
        mayGoOn.countDown();
        one.timeout(LONG).await();
        two.timeout(LONG).await();
    }

    @Test
    void a_deadline_that_passes_while_a_trust_manager_thinks_holds_up_nobody() throws IOException {
        var mayGoOn = new CountDownLatch(1);
        var asked = new CountDownLatch(1);
        X509TrustManager slow = new X509TrustManager() {
            @Override
            public void checkClientTrusted(X509Certificate[] chain, String authType) {}

            @Override
            public void checkServerTrusted(X509Certificate[] chain, String authType) {
                asked.countDown();
                await(mayGoOn);
            }

            @Override
            public X509Certificate[] getAcceptedIssuers() {
                return new X509Certificate[0];
            }
        };
        SocketAddress address = echo(Certificates.server());
        connect(address, Certificates.client()); // does what takes long the first time
        TlsClient impatient = Certificates.client().trust(slow).handshakeTimeout(Duration.ofMillis(300));
        Future<Connection<ByteBuf, ByteBuf>> one =
                loop.connect(address, Pipeline.bytes().over(impatient));
        assertThatThrownBy(() -> one.timeout(LONG).await())
                .isInstanceOf(DeadlineException.class)
                .hasMessageContaining("its work on other threads was not done: a trust manager");
        Connection<ByteBuf, ByteBuf> other = connect(address, Certificates.client());
        other.write(text("hello"));
        assertThat(receive(other, 5)).asString().isEqualTo("hello");
        assertThat(asked.getCount()).as("the handshake had come to it").isZero();
        mayGoOn.countDown();
    }

    @Test
    void a_deadline_that_passes_while_a_function_of_names_thinks_does_not_blame_the_client() throws IOException {
        var mayGoOn = new CountDownLatch(1);
        TlsServer slow = Tls.server(name -> {
            await(mayGoOn);
            return null;
        });
        loop.connect(
                        echo(slow.handshakeTimeout(Duration.ofMillis(100))),
                        Pipeline.bytes().over(Certificates.client()))
                .onDone((connection, failure) -> {});
        assertThat(refused.timeout(LONG).await())
                .isInstanceOf(DeadlineException.class)
                .hasMessageStartingWith("TLS with the client ")
                .hasMessageContaining("the function that gives identities had not answered");
        mayGoOn.countDown();
    }

    @Test
    void an_alert_that_waits_for_a_trust_manager_is_told_though_the_peer_has_reset_the_connection() throws Exception {
        var asked = new CountDownLatch(1);
        var reset = new CountDownLatch(1);
        var mayGoOn = new CountDownLatch(1);
        X509TrustManager slow = new X509TrustManager() {
            @Override
            public void checkClientTrusted(X509Certificate[] chain, String authType) {}

            @Override
            public void checkServerTrusted(X509Certificate[] chain, String authType) {
                asked.countDown();
                await(mayGoOn);
            }

            @Override
            public X509Certificate[] getAcceptedIssuers() {
                return new X509Certificate[0];
            }
        };
        try (var server = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            RawPeer raw = RawPeer.server(TlsVersion.TLS_1_2, Certificates.of("server.test"));
            Thread.ofPlatform().daemon().start(() -> {
                try (Socket peer = server.accept()) {
                    byte[] header = peer.getInputStream().readNBytes(TlsRecord.HEADER);
                    int length = TlsRecord.size(Unpooled.wrappedBuffer(header)) - TlsRecord.HEADER;
                    byte[] hello = peer.getInputStream().readNBytes(length);
                    ByteBuf flight = Unpooled.wrappedBuffer(
                            raw.answer(Unpooled.wrappedBuffer(header, hello).nioBuffer()), TlsRecord.fatalAlert(80));
                    flight.readBytes(peer.getOutputStream(), flight.readableBytes());
                    await(asked);
                    peer.setSoLinger(true, 0);
                    peer.close();
                    reset.countDown();
                } catch (IOException e) {
                    reset.countDown(); // the test's assertions will then fail
                }
            });
            Future<Connection<ByteBuf, ByteBuf>> connecting = loop.connect(
                    server.getLocalSocketAddress(),
                    Pipeline.bytes().over(Certificates.client().trust(slow)));
            loop.start();
            await(reset);
            loop.delay(Duration.ofMillis(100)).await();
            mayGoOn.countDown();
            assertThatThrownBy(() -> connecting.timeout(LONG).await())
                    .isInstanceOf(TlsException.class)
                    .hasMessageContaining("the peer refuses, with the alert internal_error");
        }
    }

    @Test
    void output_that_is_ended_at_once_ends_after_the_handshake_and_the_other_direction_goes_on() throws IOException {
        Promise<String> heard = loop.promise();
        Listener listener = loop.<ByteBuf, ByteBuf>listen(
                        ANY_PORT, Pipeline.bytes().over(Certificates.server()), connection -> {
                            connection.shutdownOutput();
                            connection.onMessage(bytes -> {
                                heard.complete(bytes.toString(StandardCharsets.US_ASCII));
                                bytes.release();
                            });
                        })
                .await();
        Connection<ByteBuf, ByteBuf> client = connect(listener.address(), Certificates.client());
        client.write(text("hello"));
        assertThat(heard.timeout(LONG).await()).isEqualTo("hello");
        assertThat(client.receive().timeout(LONG).await()).isNull();
    }

    @Test
    void who_pauses_at_once_gets_a_handshake_and_no_message() throws IOException {
        Promise<Connection<ByteBuf, ByteBuf>> accepted = loop.promise();
        var heard = new ArrayList<String>();
        Listener listener = loop.<ByteBuf, ByteBuf>listen(
                        ANY_PORT, Pipeline.bytes().over(Certificates.server()), connection -> {
                            connection.pause();
                            connection.onMessage(bytes -> {
                                heard.add(bytes.toString(StandardCharsets.US_ASCII));
                                bytes.release();
                                connection.write(text("heard"));
                            });
                            accepted.complete(connection);
                        })
                .await();
        Connection<ByteBuf, ByteBuf> client = connect(listener.address(), Certificates.client());
        client.write(text("hello"));
        client.flush().await();
        loop.delay(Duration.ofMillis(20)).await();
        assertThat(heard).isEmpty();
        accepted.await().resume();
        assertThat(receive(client, 5)).asString().isEqualTo("heard");
        assertThat(heard).containsExactly("hello");
    }

    @Test
    void who_is_no_host_is_named_by_his_address(@TempDir Path directory) throws IOException {
        var path = UnixDomainSocketAddress.of(directory.resolve("socket"));
        loop.<ByteBuf, ByteBuf>listen(path, Pipeline.bytes(), Connection::close).await();
        assertThatThrownBy(() -> connect(path, Tls.client().insecurelyTrustAnybody()))
                .isInstanceOf(TlsTruncatedException.class)
                .hasMessageStartingWith("TLS with " + path + ": the peer has ended");
        Listener v4 = loop.<ByteBuf, ByteBuf>listen(ANY_PORT, Pipeline.bytes(), Connection::close)
                .await();
        int port = v4.port();
        assertThatThrownBy(() -> connect(v4.address(), Certificates.client().hostName("::1")))
                .hasMessageStartingWith("TLS with [::1]:" + port + ": the peer has ended");
    }

    @Test
    void it_may_be_all_that_a_pipeline_has() throws IOException {
        Listener listener = loop.<ByteBuf, ByteBuf>listen(
                        ANY_PORT,
                        Pipeline.of(Certificates.server()),
                        connection -> connection.onMessage(connection::write))
                .await();
        Connection<ByteBuf, ByteBuf> client = loop.connect(listener.address(), Pipeline.of(Certificates.client()))
                .await();
        client.write(text("hello"));
        assertThat(receive(client, 5)).asString().isEqualTo("hello");
    }

    @Test
    void a_flood_of_handshakes_is_no_flood_of_threads_and_each_is_served() throws IOException {
        SocketAddress address = echo(Certificates.server().handshakeTimeout(LONG)); // enough for a slow machine, too
        Pipeline<ByteBuf, ByteBuf> secret =
                Pipeline.bytes().over(Certificates.client().handshakeTimeout(LONG));
        var connecting = new ArrayList<Future<Connection<ByteBuf, ByteBuf>>>();
        for (int i = 0; i < 300; i++) {
            connecting.add(
                    loop.connect(address, secret, ConnectOptions.defaults().timeout(LONG)));
        }
        int threads = 0;
        for (Future<Connection<ByteBuf, ByteBuf>> each : connecting) {
            Connection<ByteBuf, ByteBuf> connection = each.timeout(LONG).await();
            threads = Math.max(threads, (int) Thread.getAllStackTraces().keySet().stream()
                    .filter(thread -> thread.getName().startsWith("rill-blocking-"))
                    .count());
            connection.abort();
        }
        assertThat(threads).isBetween(1, 64);
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    // ---- from plain to TLS

    /** Receives lines, and starts TLS when asked to. */
    private static void starttls(Connection<String, String> connection, TlsServer tls, List<String> heard) {
        Pipeline<String, String> lines = Pipeline.of(Lines.of().with(Text.utf8()));
        connection.onMessage(line -> {
            heard.add(line);
            if (line.equals("STARTTLS")) {
                connection.stop();
                connection.write("220 go ahead");
                Connection<String, String> secret = connection.become(lines.over(tls));
                secret.onMessage(each -> {
                    heard.add("secretly " + each);
                    secret.write("250 " + each);
                });
            } else {
                connection.write("250 " + line);
            }
        });
    }

    @Test
    void a_connection_may_begin_tls_in_the_middle() throws IOException {
        Pipeline<String, String> lines = Pipeline.of(Lines.of().with(Text.utf8()));
        var heard = new ArrayList<String>();
        Listener listener = loop.listen(
                        ANY_PORT, lines, connection -> starttls(connection, Certificates.server(), heard))
                .await();
        Connection<String, String> plain =
                loop.connect(listener.address(), lines).await();
        plain.write("HELLO");
        assertThat(plain.receive().await()).isEqualTo("250 HELLO");
        plain.write("STARTTLS");
        assertThat(plain.receive().await()).isEqualTo("220 go ahead");
        Connection<String, String> secret = loop.submit(() -> plain.become(lines.over(Certificates.client())))
                .await();
        secret.write("PASS");
        assertThat(secret.receive().timeout(LONG).await()).isEqualTo("250 PASS");
        assertThat(info(secret).version()).isEqualTo(TlsVersion.TLS_1_3);
        assertThat(heard).containsExactly("HELLO", "STARTTLS", "secretly PASS");
    }

    @Test
    void what_was_sent_in_the_clear_behind_starttls_is_never_taken_for_secret() throws Exception {
        Pipeline<String, String> lines = Pipeline.of(Lines.of().with(Text.utf8()));
        var heard = new ArrayList<String>();
        Promise<@Nullable Void> closed = loop.promise();
        Listener listener = loop.listen(ANY_PORT, lines, (Connection<String, String> connection) -> {
                    connection.closed().onDone((done, failure) -> closed.complete(null));
                    starttls(connection, Certificates.server(), heard);
                })
                .await();
        try (var attacker = new Socket(InetAddress.getLoopbackAddress(), listener.port())) {
            OutputStream out = attacker.getOutputStream();
            out.write("STARTTLS\r\nRCPT TO:<victim>\r\n".getBytes(StandardCharsets.US_ASCII));
            attacker.shutdownOutput();
            closed.timeout(LONG).await();
        }
        assertThat(heard).containsExactly("STARTTLS");
    }
}
