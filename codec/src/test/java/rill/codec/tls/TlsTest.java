package rill.codec.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import rill.ConnectOptions;
import rill.Connection;
import rill.DeadlineException;
import rill.Failure;
import rill.Future;
import rill.Listener;
import rill.Loop;
import rill.LoopOptions;
import rill.Pipeline;
import rill.Promise;
import rill.ProtocolException;
import rill.Report;
import rill.codec.Lines;
import rill.codec.Text;
import rill.codec.resp.Command;
import rill.codec.resp.Reply;
import rill.codec.resp.Resp;
import rill.testkit.Leaks;

/** TLS between Rill and Rill, over real sockets. */
@ExtendWith(Leaks.class)
@Timeout(120)
class TlsTest {
    private static final InetSocketAddress ANY_PORT = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    private static final Duration LONG = Duration.ofSeconds(30);

    private Loop loop;
    private Promise<Throwable> refused; // the failure of the first connection that nobody was given

    @BeforeEach
    void open() throws IOException {
        loop = Loop.open(LoopOptions.defaults()
                .slowHandle(Duration.ZERO) // the first handshakes load much of the JDK
                .reporter(report -> {
                    if (report instanceof Report.ConnectionFailed failed) {
                        refused.complete(failed.cause());
                    }
                }));
        refused = loop.promise();
    }

    @AfterEach
    void close() {
        loop.close();
    }

    private SocketAddress echo(TlsServer tls) throws IOException {
        Listener listener = loop.<ByteBuf, ByteBuf>listen(
                        ANY_PORT, Pipeline.bytes().over(tls), connection -> connection.onMessage(connection::write))
                .await();
        return listener.address();
    }

    private Connection<ByteBuf, ByteBuf> connect(SocketAddress address, TlsClient tls) throws IOException {
        return loop.connect(address, Pipeline.bytes().over(tls)).await();
    }

    private static ByteBuf text(String text) {
        return Unpooled.copiedBuffer(text, StandardCharsets.UTF_8);
    }

    private static byte[] receive(Connection<ByteBuf, ByteBuf> connection, int size) throws IOException {
        var all = new byte[size];
        int n = 0;
        while (n < size) {
            ByteBuf piece = connection.receive().timeout(LONG).await();
            int length = piece.readableBytes();
            piece.readBytes(all, n, length);
            piece.release();
            n += length;
        }
        return all;
    }

    private static TlsInfo info(Connection<?, ?> connection) {
        return connection.info(TlsInfo.class).orElseThrow();
    }

    @ParameterizedTest
    @EnumSource(TlsVersion.class)
    void a_server_is_given_a_connection_after_its_handshake_and_knows_what_was_agreed(TlsVersion version)
            throws IOException {
        Promise<TlsInfo> agreed = loop.promise();
        Listener listener = loop.listen(
                        ANY_PORT,
                        Pipeline.bytes().over(Certificates.server().versions(version)),
                        connection -> agreed.complete(info(connection)))
                .await();
        Promise<TlsInfo> known = loop.promise();
        Listener services = loop.serveEach(ANY_PORT, Pipeline.bytes().over(Certificates.server()), peer -> {
                    known.complete(peer.info(TlsInfo.class).orElseThrow());
                    return Future::of;
                })
                .await();
        connect(listener.address(), Certificates.client());
        connect(services.address(), Certificates.client());
        assertThat(agreed.timeout(LONG).await().version()).isEqualTo(version);
        assertThat(known.timeout(LONG).await().serverName()).isEqualTo("server.test");
    }

    @ParameterizedTest
    @EnumSource(TlsVersion.class)
    void bytes_of_any_number_come_back_as_they_were(TlsVersion version) throws IOException {
        SocketAddress address = echo(Certificates.server().versions(version));
        Connection<ByteBuf, ByteBuf> connection = connect(address, Certificates.client());
        assertThat(info(connection).version()).isEqualTo(version);
        assertThat(info(connection).serverName()).isEqualTo("server.test");
        assertThat(info(connection).peerCertificates()).hasSize(1);
        var random = new Random(7);
        for (int size : new int[] {1, 2, 100, 16_366, 16_367, 16_368, 16_384, 16_385, 100_000, 3_000_000}) {
            var sent = new byte[size];
            random.nextBytes(sent);
            connection.write(Unpooled.wrappedBuffer(sent));
            assertThat(receive(connection, size)).as(size + " bytes").isEqualTo(sent);
        }
        connection.close();
        connection.closed().await();
    }

    @Test
    void any_pipeline_goes_over_it() throws IOException {
        Pipeline<String, String> lines = Pipeline.of(Lines.of().with(Text.utf8()));
        Listener listener = loop.serve(
                        ANY_PORT, lines.over(Certificates.server()), line -> loop.done(line.toUpperCase(Locale.ROOT)))
                .await();
        Connection<String, String> connection = loop.connect(listener.address(), lines.over(Certificates.client()))
                .await();
        for (String line : List.of("a", "b", "c".repeat(900))) {
            connection.write(line);
        }
        assertThat(connection.receive().await()).isEqualTo("A");
        assertThat(connection.receive().await()).isEqualTo("B");
        assertThat(connection.receive().await()).isEqualTo("C".repeat(900));
    }

    @Test
    void the_host_that_is_connected_to_is_the_one_that_the_certificate_has_to_be_for() throws IOException {
        int port = ((InetSocketAddress) echo(Tls.server(Certificates.of("localhost", "127.0.0.1")))).getPort();
        TlsClient tls = Tls.client().trust(List.of(Certificates.AUTHORITY.certificate()));
        Connection<ByteBuf, ByteBuf> byName =
                loop.connect("localhost", port, Pipeline.bytes().over(tls)).await();
        assertThat(info(byName).serverName()).isEqualTo("localhost");
        Connection<ByteBuf, ByteBuf> byAddress =
                loop.connect("127.0.0.1", port, Pipeline.bytes().over(tls)).await();
        assertThat(info(byAddress).serverName())
                .as("an address is not asked for")
                .isNull();
        int other = ((InetSocketAddress) echo(Certificates.server())).getPort();
        assertThatThrownBy(
                        () -> loop.connect("localhost", other, Pipeline.bytes().over(tls))
                                .await())
                .isInstanceOf(TlsException.class)
                .hasMessageContaining("not for localhost but for server.test");
    }

    @Test
    void a_server_that_refuses_is_told_from_one_that_is_not_there() throws IOException {
        SocketAddress address = echo(Certificates.server().versions(TlsVersion.TLS_1_3));
        assertThatThrownBy(() -> connect(address, Certificates.client().versions(TlsVersion.TLS_1_2)))
                .isInstanceOfSatisfying(
                        TlsException.class, e -> assertThat(e.alert()).isEqualTo("protocol_version"));
    }

    // ---- sessions that go on

    /** Believes everybody, and counts how often it was asked. */
    private static final class Counting implements X509TrustManager {
        final AtomicInteger asked = new AtomicInteger();

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType) {
            asked.incrementAndGet();
        }

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }

    @ParameterizedTest
    @EnumSource(TlsVersion.class)
    void a_second_connection_resumes_the_session_of_the_first(TlsVersion version) throws IOException {
        SocketAddress address = echo(Certificates.server().versions(version));
        var counting = new Counting();
        TlsClient tls = Certificates.client().trust(counting);
        for (int i = 0; i < 4; i++) {
            Connection<ByteBuf, ByteBuf> connection = connect(address, tls);
            connection.write(text("hello"));
            receive(connection, 5); // with what comes before it: the ticket
            assertThat(info(connection).peerCertificates()).hasSize(1);
            connection.close();
            connection.closed().await();
        }
        assertThat(counting.asked).hasValue(1);
        connect(address, Certificates.client().trust(counting));
        assertThat(counting.asked).as("another client has sessions of its own").hasValue(2);
    }

    @Test
    void names_have_sessions_of_their_own() throws IOException {
        Identity one = Certificates.of("one.test");
        Identity two = Certificates.of("two.test");
        SocketAddress address = echo(Tls.server(name -> "one.test".equals(name) ? one : two));
        for (int i = 0; i < 3; i++) {
            for (String name : List.of("one.test", "two.test")) {
                Connection<ByteBuf, ByteBuf> connection =
                        connect(address, Certificates.client().hostName(name));
                connection.write(text("hello"));
                receive(connection, 5);
                assertThat(info(connection)
                                .peerCertificates()
                                .getFirst()
                                .getSubjectX500Principal()
                                .getName())
                        .isEqualTo("CN=" + name);
            }
        }
    }

    @Test
    void a_session_that_began_with_one_name_is_not_resumed_with_another(@TempDir Path folder) throws Exception {
        Identity both = Certificates.of("one.test", "two.test");
        SocketAddress address = echo(Tls.server(name -> both).versions(TlsVersion.TLS_1_2));
        loop.start();
        String session = folder.resolve("session").toString();
        assertThat(openssl(address, "one.test", "-sess_out", session)).contains("New, TLSv1.2");
        assertThat(openssl(address, "one.test", "-sess_in", session)).contains("Reused, TLSv1.2");
        assertThat(openssl(address, "two.test", "-sess_in", session))
                .contains("New, TLSv1.2")
                .doesNotContain("Reused");
    }

    /** What openssl says of a connection with this name. */
    private static String openssl(SocketAddress address, String name, String option, String value) throws Exception {
        Assumptions.assumeTrue(
                Arrays.stream(System.getenv("PATH").split(File.pathSeparator, -1))
                        .anyMatch(folder -> Files.isExecutable(Path.of(folder, "openssl"))),
                "openssl is not installed");
        int port = ((InetSocketAddress) address).getPort();
        Process process = new ProcessBuilder(
                        "openssl", "s_client", "-connect", "localhost:" + port, "-servername", name, option, value)
                .redirectErrorStream(true)
                .start();
        process.getOutputStream().close();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
        process.waitFor();
        return said;
    }

    // ---- ends

    @Test
    void in_tls_1_3_each_direction_ends_by_itself() throws IOException {
        Promise<Connection<ByteBuf, ByteBuf>> accepted = loop.promise();
        Listener listener = loop.listen(ANY_PORT, Pipeline.bytes().over(Certificates.server()), accepted::complete)
                .await();
        Connection<ByteBuf, ByteBuf> client = connect(listener.address(), Certificates.client());
        Connection<ByteBuf, ByteBuf> server = accepted.await();
        client.write(text("question"));
        client.shutdownOutput();
        assertThat(receive(server, 8)).asString().isEqualTo("question");
        assertThat(server.receive().timeout(LONG).await()).isNull();
        server.write(text("a late answer"));
        assertThat(receive(client, 13)).asString().isEqualTo("a late answer");
        server.close();
        assertThat(client.receive().timeout(LONG).await()).isNull();
        client.close();
        client.closed().timeout(LONG).await();
        server.closed().timeout(LONG).await();
    }

    @Test
    void in_tls_1_2_the_good_bye_of_one_ends_both() throws IOException {
        Promise<Connection<ByteBuf, ByteBuf>> accepted = loop.promise();
        Listener listener = loop.listen(
                        ANY_PORT,
                        Pipeline.bytes().over(Certificates.server().versions(TlsVersion.TLS_1_2)),
                        accepted::complete)
                .await();
        Connection<ByteBuf, ByteBuf> client = connect(listener.address(), Certificates.client());
        Connection<ByteBuf, ByteBuf> server = accepted.await();
        Promise<Throwable> failed = loop.promise();
        server.onFailure((Failure failure) -> failed.complete(failure.cause()));
        client.write(text("question"));
        client.shutdownOutput();
        assertThat(receive(server, 8)).asString().isEqualTo("question");
        assertThat(server.receive().timeout(LONG).await()).isNull();
        server.write(text("a late answer"));
        assertThat(failed.timeout(LONG).await())
                .isInstanceOf(TlsException.class)
                .hasMessageContaining("TLS 1.2 can send nothing more");
        client.close();
        client.closed().timeout(LONG).await();
    }

    @Test
    void a_close_in_good_order_loses_nothing() throws IOException {
        Listener listener = loop.<ByteBuf, ByteBuf>listen(
                        ANY_PORT, Pipeline.bytes().over(Certificates.server()), connection -> {
                            connection.write(Unpooled.wrappedBuffer(new byte[1_000_000]));
                            connection.close();
                        })
                .await();
        Connection<ByteBuf, ByteBuf> client = connect(listener.address(), Certificates.client());
        receive(client, 1_000_000);
        assertThat(client.receive().timeout(LONG).await()).isNull();
    }

    /** Passes bytes on between a client and a server, up to so many from the server, and then ends the connection. */
    private SocketAddress cuttingOff(SocketAddress server, int after) throws IOException {
        Listener relay = loop.<ByteBuf, ByteBuf>listen(ANY_PORT, Pipeline.bytes(), one -> {
                    one.pause();
                    loop.connect(server, Pipeline.bytes()).onDone((other, failure) -> {
                        var left = new AtomicInteger(after);
                        one.onMessage(other::write);
                        one.resume();
                        other.onMessage(bytes -> {
                            int length = Math.min(left.get(), bytes.readableBytes());
                            left.addAndGet(-length);
                            one.write(bytes.readRetainedSlice(length));
                            bytes.release();
                            if (left.get() == 0) {
                                one.close();
                                other.abort();
                            }
                        });
                    });
                })
                .await();
        return relay.address();
    }

    @Test
    void a_stream_that_is_cut_off_is_no_stream_that_has_ended() throws IOException {
        Listener listener = loop.<ByteBuf, ByteBuf>listen(
                        ANY_PORT,
                        Pipeline.bytes().over(Certificates.server()),
                        connection -> connection.write(Unpooled.wrappedBuffer(new byte[100_000])))
                .await();
        Connection<ByteBuf, ByteBuf> client = connect(cuttingOff(listener.address(), 60_000), Certificates.client());
        assertThatThrownBy(() -> receive(client, 100_000))
                .isInstanceOf(TlsTruncatedException.class)
                .hasMessageContaining("without a good-bye");
    }

    @Test
    void who_writes_after_a_handshake_that_has_failed_hears_why() throws IOException {
        SocketAddress address = echo(Tls.server(Certificates.of("other.test")));
        Connection<ByteBuf, ByteBuf> plain =
                loop.connect(address, Pipeline.bytes()).await();
        Connection<ByteBuf, ByteBuf> secret = plain.become(Pipeline.bytes().over(Certificates.client()));
        secret.onFailure(failure -> {});
        secret.closed().timeout(LONG).await();
        assertThatThrownBy(() -> secret.write(text("hello")).await())
                .hasMessageContaining("since it had failed")
                .hasMessageContaining("not for server.test");
    }

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
        connect(address, Certificates.client()); // what takes long the first time
        TlsClient impatient = Certificates.client().trust(slow).handshakeTimeout(Duration.ofMillis(300));
        Future<Connection<ByteBuf, ByteBuf>> one =
                loop.connect(address, Pipeline.bytes().over(impatient));
        assertThatThrownBy(() -> one.timeout(LONG).await()).isInstanceOf(DeadlineException.class);
        Connection<ByteBuf, ByteBuf> other = connect(address, Certificates.client());
        other.write(text("hello"));
        assertThat(receive(other, 5)).asString().isEqualTo("hello");
        assertThat(asked.getCount()).as("the handshake had come to it").isZero();
        mayGoOn.countDown();
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
        SocketAddress address = echo(Certificates.server());
        var connecting = new ArrayList<Future<Connection<ByteBuf, ByteBuf>>>();
        for (int i = 0; i < 300; i++) {
            connecting.add(loop.connect(address, Pipeline.bytes().over(Certificates.client())));
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

    /** Answers lines, and begins TLS when asked to. */
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
        try (var attacker =
                new Socket(InetAddress.getLoopbackAddress(), ((InetSocketAddress) listener.address()).getPort())) {
            OutputStream out = attacker.getOutputStream();
            out.write("STARTTLS\r\nRCPT TO:<victim>\r\n".getBytes(StandardCharsets.US_ASCII));
            attacker.shutdownOutput();
            closed.timeout(LONG).await();
        }
        assertThat(heard).containsExactly("STARTTLS");
    }
}
