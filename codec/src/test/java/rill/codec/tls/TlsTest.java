package rill.codec.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.File;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.X509TrustManager;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import rill.Connection;
import rill.Future;
import rill.Listener;
import rill.Pipeline;
import rill.Promise;
import rill.codec.Lines;
import rill.codec.Text;

/** Tests TLS between two Rill peers over real sockets: what is negotiated, and session resumption. */
class TlsTest extends TlsRig {
    // ---- what is negotiated
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

    // ---- session resumption

    /** Trusts every server, and counts how often it was asked. */
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
            receive(connection, 5); // this also receives the ticket, which arrives first
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

    /** Returns what openssl reports about a connection with this name. */
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
}
