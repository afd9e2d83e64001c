package rill.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;
import rill.Client;
import rill.Connection;
import rill.Future;
import rill.Listener;
import rill.Loop;
import rill.LoopOptions;
import rill.codec.Text;
import rill.codec.resp.Command;
import rill.codec.resp.Reply;
import rill.codec.resp.Resp;
import rill.codec.tls.Identity;
import rill.codec.tls.Pem;
import rill.codec.tls.Tls;
import rill.codec.tls.TlsClient;
import rill.codec.tls.TlsException;
import rill.codec.tls.TlsInfo;
import rill.codec.tls.TlsServer;
import rill.codec.tls.TlsVersion;
import rill.testing.UnderTest;
import rill.testkit.Authority;

/** TLS with other projects' programs. */
@Tag("slow")
@Timeout(120)
@ParameterizedClass(name = "over {0}")
@MethodSource("rill.testing.UnderTest#names")
class TlsPeersTest {
    @Parameter
    private String transport;

    private static final Duration LONG = Duration.ofSeconds(30);
    private static final String HOST = "server.test";

    private final Authority authority = Authority.create();
    private final List<Process> processes = new ArrayList<>();
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
        Files.writeString(folder.resolve("ca.pem"), Authority.pem(authority.certificate()));
        write("ec", authority.issue(HOST, "127.0.0.1"));
        write("rsa", authority.issue(Authority.Wish.usual().kind("RSA-2048"), HOST, "127.0.0.1"));
        write("client", authority.issue());
    }

    private void write(String name, Authority.Issued issued) throws IOException {
        Files.writeString(folder.resolve(name + ".pem"), issued.chainPem());
        Files.writeString(folder.resolve(name + ".key"), issued.keyPem());
    }

    private String file(String name) {
        return folder.resolve(name).toString();
    }

    private Identity identity(String name) throws IOException {
        return Identity.pem(folder.resolve(name + ".pem"), folder.resolve(name + ".key"));
    }

    @AfterEach
    void close() {
        processes.forEach(Programs::end);
        clients.close();
        loop.close();
    }

    private TlsClient client() throws IOException {
        return Tls.client().trust(Pem.certificates(folder.resolve("ca.pem"))).hostName(HOST);
    }

    // ---- other people's programs

    private Process start(String program, String... arguments) throws IOException {
        var command = new ArrayList<>(List.of(Programs.required(program)));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command)
                .redirectError(folder.resolve("errors").toFile())
                .start();
        processes.add(process);
        return process;
    }

    private static int freePort() throws IOException {
        try (var probe = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
            return probe.getLocalPort();
        }
    }

    private InetSocketAddress listening(int port) throws IOException {
        long deadline = System.nanoTime() + LONG.toNanos();
        while (true) {
            try (var probe = new Socket(InetAddress.ofLiteral("127.0.0.1"), port)) {
                return new InetSocketAddress(probe.getInetAddress(), port);
            } catch (IOException e) {
                assertThat(System.nanoTime())
                        .as(Files.readString(folder.resolve("errors")))
                        .isLessThan(deadline);
                LockSupport.parkNanos(5_000_000);
            }
        }
    }

    private InetSocketAddress upperCase(TlsServer tls) throws IOException {
        Listener listener = loop.serve(
                        Loopback.ANY_PORT, Text.lines().over(tls), line -> Future.of(line.toUpperCase(Locale.ROOT)))
                .await();
        return (InetSocketAddress) listener.address();
    }

    private static String endpoint(InetSocketAddress address) {
        return "127.0.0.1:" + address.getPort();
    }

    /** Checks that our side receives {@code expected} for what it sends; returns what TLS agreed on. */
    private TlsInfo talk(InetSocketAddress address, TlsClient tls, String sent, String expected) throws IOException {
        Connection<String, String> connection =
                clients.connect(address, Text.lines().over(tls)).timeout(LONG).await();
        connection.write(sent);
        assertThat(connection.receive().timeout(LONG).await()).isEqualTo(expected);
        TlsInfo info = connection.info(TlsInfo.class).orElseThrow();
        connection.close();
        connection.closed().timeout(LONG).await();
        return info;
    }

    // ---- openssl

    /** The cipher suites that both support: the RFC's name and openssl's name of each. */
    private static List<String[]> commonSuites(TlsVersion version) throws Exception {
        List<String> ours =
                Arrays.asList(SSLContext.getDefault().createSSLEngine().getEnabledCipherSuites());
        Programs.Result theirs = Programs.run(
                "openssl", List.of("ciphers", "-stdname", version == TlsVersion.TLS_1_3 ? "-tls1_3" : "-tls1_2", "-s"));
        List<String[]> common = theirs.output()
                .lines()
                .map(line -> line.trim().split(" +", -1))
                .filter(words -> words.length > 2 && ours.contains(words[0]))
                .toList();
        assertThat(common).hasSizeGreaterThanOrEqualTo(version == TlsVersion.TLS_1_3 ? 3 : 8);
        return common;
    }

    private static String certificateFor(String suite) {
        return suite.contains("_RSA_") ? "rsa" : "ec";
    }

    @Test
    void our_client_and_openssls_server_speak_every_cipher_suite_that_both_have() throws Exception {
        for (TlsVersion version : TlsVersion.values()) {
            for (String certificate : List.of("ec", "rsa")) {
                int port = freePort();
                start(
                        "openssl",
                        "s_server",
                        "-accept",
                        "127.0.0.1:" + port,
                        "-rev",
                        "-quiet",
                        "-cert",
                        file(certificate + ".pem"),
                        "-key",
                        file(certificate + ".key"));
                InetSocketAddress address = listening(port);
                for (String[] suite : commonSuites(version)) {
                    if (version == TlsVersion.TLS_1_3
                            || certificateFor(suite[0]).equals(certificate)) {
                        TlsInfo info =
                                talk(address, client().versions(version).cipherSuites(suite[0]), "hello", "olleh");
                        assertThat(info.cipherSuite()).isEqualTo(suite[0]);
                        assertThat(info.version()).isEqualTo(version);
                    }
                }
            }
        }
    }

    private String askByOpenssl(InetSocketAddress address, String... options) throws IOException, InterruptedException {
        var arguments = new ArrayList<>(List.of(
                "s_client",
                "-connect",
                endpoint(address),
                "-servername",
                HOST,
                "-verify_hostname",
                HOST,
                "-CAfile",
                file("ca.pem"),
                "-verify_return_error",
                "-quiet"));
        arguments.addAll(List.of(options));
        Process process = start("openssl", arguments.toArray(String[]::new));
        try (var out = process.getOutputStream()) {
            out.write("hello\n".getBytes(StandardCharsets.US_ASCII));
            out.flush();
            var in = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.US_ASCII));
            return String.valueOf(in.readLine());
        } finally {
            Programs.end(process);
        }
    }

    @Test
    void openssls_client_and_our_server_speak_every_cipher_suite_that_both_have() throws Exception {
        for (TlsVersion version : TlsVersion.values()) {
            for (String certificate : List.of("ec", "rsa")) {
                InetSocketAddress address =
                        upperCase(Tls.server(identity(certificate)).versions(version));
                for (String[] suite : commonSuites(version)) {
                    if (version == TlsVersion.TLS_1_3) {
                        assertThat(askByOpenssl(address, "-tls1_3", "-ciphersuites", suite[0]))
                                .as(suite[0])
                                .isEqualTo("HELLO");
                    } else if (certificateFor(suite[0]).equals(certificate)) {
                        assertThat(askByOpenssl(address, "-tls1_2", "-cipher", suite[2]))
                                .as(suite[0])
                                .isEqualTo("HELLO");
                    }
                }
            }
        }
    }

    @Test
    void openssl_and_we_show_each_other_certificates() throws Exception {
        InetSocketAddress ours =
                upperCase(Tls.server(identity("ec")).requireClientCertificate(List.of(authority.certificate())));
        assertThat(askByOpenssl(ours, "-cert", file("client.pem"), "-key", file("client.key")))
                .isEqualTo("HELLO");
        assertThat(askByOpenssl(ours)).isEqualTo("null");

        int port = freePort();
        start(
                "openssl",
                "s_server",
                "-accept",
                "127.0.0.1:" + port,
                "-rev",
                "-quiet",
                "-Verify",
                "2",
                "-verify_return_error",
                "-CAfile",
                file("ca.pem"),
                "-cert",
                file("ec.pem"),
                "-key",
                file("ec.key"));
        InetSocketAddress theirs = listening(port);
        talk(theirs, client().identity(identity("client")), "hello", "olleh");
        assertThatThrownBy(() -> talk(theirs, client().versions(TlsVersion.TLS_1_2), "hello", "olleh"))
                .isInstanceOfSatisfying(
                        TlsException.class, e -> assertThat(e.isFromPeer()).isTrue());
    }

    @Test
    void openssl_updates_its_keys_and_resumes_sessions() throws Exception {
        InetSocketAddress address = upperCase(Tls.server(identity("ec")));
        Process process = start(
                "openssl",
                "s_client",
                "-connect",
                endpoint(address),
                "-servername",
                HOST,
                "-CAfile",
                file("ca.pem"),
                "-verify_return_error",
                "-tls1_3");
        try (OutputStream out = process.getOutputStream()) {
            var in = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.US_ASCII));
            int updates = 0;
            for (String line : List.of("one", "two", "three")) {
                out.write((line + "\n").getBytes(StandardCharsets.US_ASCII));
                out.flush();
                readUntil(in, line.toUpperCase(Locale.ROOT));
                out.write("K\n".getBytes(StandardCharsets.US_ASCII)); // requests a key update on both sides
                out.flush();
                updates++;
                awaitErrors("KEYUPDATE", updates);
            }
        }
        Programs.Result resumed = Programs.run(new ProcessBuilder(
                "sh",
                "-c",
                "(printf 'hello\\n'; sleep 0.3) | openssl s_client -connect " + endpoint(address) + " -CAfile "
                        + file("ca.pem") + " -tls1_3 -sess_out " + file("session")
                        + "; (printf 'hello\\n'; sleep 0.3) | openssl s_client -connect "
                        + endpoint(address) + " -CAfile " + file("ca.pem") + " -tls1_3 -sess_in " + file("session")));
        assertThat(resumed.output()).contains("New, TLSv1.3", "Reused, TLSv1.3");
    }

    private static void readUntil(BufferedReader in, String wanted) throws IOException {
        var said = new ArrayList<String>();
        while (!said.contains(wanted)) {
            String line = in.readLine();
            assertThat(line).as("%s; before it %s", wanted, said).isNotNull();
            said.add(line);
        }
    }

    /** Waits until a program has printed the word this many times in its error output. */
    private void awaitErrors(String word, int times) throws IOException {
        long deadline = System.nanoTime() + LONG.toNanos();
        while (Files.readString(folder.resolve("errors")).split(word, -1).length <= times) {
            assertThat(System.nanoTime()).as(word).isLessThan(deadline);
            LockSupport.parkNanos(1_000_000);
        }
    }

    // ---- curl, python, the JDK

    @Test
    void curl_fetches_over_tls_and_chooses_a_protocol() throws Exception {
        Listener listener = loop.<String, String>listen(
                        Loopback.ANY_PORT,
                        Text.lines().over(Tls.server(identity("ec")).alpn("http/1.1")),
                        connection -> connection.onMessage(line -> {
                            if (line.isEmpty()) {
                                List.of("HTTP/1.0 200 OK", "Content-Length: 6", "", "hello")
                                        .forEach(connection::write);
                                connection.close();
                            }
                        }))
                .await();
        int port = listener.port();
        String url = "https://" + HOST + ":" + port + "/";
        String where = HOST + ":" + port + ":127.0.0.1";
        Programs.Result fetched =
                Programs.run("curl", List.of("-sv", "--cacert", file("ca.pem"), "--resolve", where, url));
        assertThat(fetched.output()).isEqualTo("hello\n");
        assertThat(fetched.errors()).containsIgnoringCase("ALPN").contains("http/1.1");
        assertThat(Programs.run("curl", List.of("-s", "--resolve", where, url)).status())
                .as("without our authority")
                .isEqualTo(60);
    }

    private static final String PYTHON_CLIENT = """
            import socket, ssl, sys
            context = ssl.create_default_context(cafile=sys.argv[2])
            with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as plain:
                with context.wrap_socket(plain, server_hostname="server.test") as tls:
                    tls.sendall(b"hello\\n")
                    print(tls.makefile().readline().strip(), tls.version())
                    tls.unwrap()
                    print("good-bye in good order")
            """;

    private static final String PYTHON_SERVER = """
            import socket, ssl, sys
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(sys.argv[1], sys.argv[2])
            with socket.create_server(("127.0.0.1", 0)) as listening:
                print(listening.getsockname()[1], flush=True)
                plain, _ = listening.accept()
                with context.wrap_socket(plain, server_side=True) as tls:
                    line = tls.makefile().readline().strip()
                    tls.sendall((line[::-1] + "\\n").encode())
                    print("end" if tls.recv(100) == b"" else "more", flush=True)
            """;

    @Test
    void python_and_we_understand_each_other_down_to_the_good_bye() throws Exception {
        InetSocketAddress address = upperCase(Tls.server(identity("ec")));
        Programs.Result client = Programs.run(
                "python3", List.of("-c", PYTHON_CLIENT, String.valueOf(address.getPort()), file("ca.pem")));
        assertThat(client.output()).as(client.errors()).isEqualTo("HELLO TLSv1.3\ngood-bye in good order\n");

        Process server = start("python3", "-c", PYTHON_SERVER, file("ec.pem"), file("ec.key"));
        var said = new BufferedReader(new InputStreamReader(server.getInputStream(), StandardCharsets.US_ASCII));
        talk(Loopback.port(Integer.parseInt(said.readLine())), client(), "hello", "olleh");
        assertThat(said.readLine()).isEqualTo("end");
        assertThat(server.waitFor(30, TimeUnit.SECONDS)).isTrue();
    }

    private SSLContext jdk(Authority.Issued own) throws Exception {
        KeyStore keys = KeyStore.getInstance("PKCS12");
        keys.load(null, null);
        char[] password = "password".toCharArray();
        keys.setKeyEntry("own", own.key(), password, own.chain().toArray(new X509Certificate[0]));
        KeyStore roots = KeyStore.getInstance("PKCS12");
        roots.load(null, null);
        roots.setCertificateEntry("root", authority.certificate());
        KeyManagerFactory keyManagers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keyManagers.init(keys, password);
        TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
        trust.init(roots);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keyManagers.getKeyManagers(), trust.getTrustManagers(), null);
        return context;
    }

    @Test
    void the_jdks_own_sockets_and_we_understand_each_other() throws Exception {
        SSLContext jdk = jdk(authority.issue(HOST));
        InetSocketAddress address = upperCase(Tls.server(identity("ec")));
        try (var socket = (SSLSocket) jdk.getSocketFactory().createSocket(address.getAddress(), address.getPort())) {
            socket.getOutputStream().write("hello\n".getBytes(StandardCharsets.US_ASCII));
            var in = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII));
            assertThat(in.readLine()).isEqualTo("HELLO");
            socket.shutdownOutput();
            assertThat(in.readLine()).isNull();
        }
        try (var listening = (SSLServerSocket)
                jdk.getServerSocketFactory().createServerSocket(0, 5, InetAddress.ofLiteral("127.0.0.1"))) {
            Thread server = Thread.ofPlatform().start(() -> {
                try (Socket socket = listening.accept()) {
                    var in = new BufferedReader(
                            new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII));
                    String line = in.readLine();
                    socket.getOutputStream()
                            .write((new StringBuilder(line).reverse() + "\n").getBytes(StandardCharsets.US_ASCII));
                    in.readLine();
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
            talk(Loopback.port(listening.getLocalPort()), client(), "hello", "olleh");
            server.join();
        }
    }

    // ---- servers of the world

    @Test
    void our_client_fetches_from_nginx() throws Exception {
        int port = freePort();
        Files.writeString(folder.resolve("index.html"), "hello from nginx\n");
        Path configuration = folder.resolve("nginx.conf");
        Files.writeString(configuration, """
                daemon off; master_process off; pid %1$s/pid; error_log %1$s/errors;
                events {}
                http {
                    access_log off;
                    client_body_temp_path %1$s; proxy_temp_path %1$s; fastcgi_temp_path %1$s; uwsgi_temp_path %1$s; scgi_temp_path %1$s;
                    server {
                        listen 127.0.0.1:%2$d ssl http2; server_name server.test; ssl_protocols TLSv1.2 TLSv1.3;
                        ssl_certificate %1$s/rsa.pem; ssl_certificate_key %1$s/rsa.key;
                        location / { root %1$s; }
                    }
                }
                """.formatted(folder, port));
        start("nginx", "-c", configuration.toString(), "-p", folder.toString());
        InetSocketAddress address = listening(port);
        for (TlsVersion version : TlsVersion.values()) {
            Connection<String, String> connection = clients.connect(
                            address,
                            Text.lines().over(client().versions(version).alpn("http/1.1")))
                    .timeout(LONG)
                    .await();
            assertThat(connection.info(TlsInfo.class).orElseThrow().applicationProtocol())
                    .isEqualTo("http/1.1");
            List.of("GET / HTTP/1.0", "Host: server.test", "").forEach(connection::write);
            var lines = new ArrayList<String>();
            for (String line = connection.receive().timeout(LONG).await();
                    line != null;
                    line = connection.receive().timeout(LONG).await()) {
                lines.add(line);
            }
            assertThat(lines).contains("HTTP/1.1 200 OK", "hello from nginx");
        }
    }

    @Test
    void haproxy_takes_tls_off_and_puts_it_on() throws Exception {
        InetSocketAddress ours = upperCase(Tls.server(identity("ec")));
        int port = freePort();
        Files.writeString(
                folder.resolve("both.pem"),
                Files.readString(folder.resolve("ec.pem")) + Files.readString(folder.resolve("ec.key")));
        Path configuration = folder.resolve("haproxy.cfg");
        Files.writeString(configuration, """
                defaults
                    mode tcp
                    timeout client 10s
                    timeout server 10s
                    timeout connect 10s
                frontend secret
                    bind 127.0.0.1:%1$d ssl crt %2$s/both.pem alpn echo
                    default_backend ours
                backend ours
                    server one 127.0.0.1:%3$d ssl verify required ca-file %2$s/ca.pem sni str(server.test) verifyhost server.test
                """.formatted(port, folder, ours.getPort()));
        start("haproxy", "-db", "-f", configuration.toString());
        TlsInfo info = talk(listening(port), client().alpn("echo"), "hello", "HELLO");
        assertThat(info.applicationProtocol()).isEqualTo("echo");
    }

    @Test
    void redis_answers_over_tls() throws Exception {
        int port = freePort();
        start(
                "redis-server",
                "--bind",
                "127.0.0.1",
                "--port",
                "0",
                "--tls-port",
                String.valueOf(port),
                "--save",
                "",
                "--appendonly",
                "no",
                "--dir",
                folder.toString(),
                "--tls-cert-file",
                file("ec.pem"),
                "--tls-key-file",
                file("ec.key"),
                "--tls-ca-cert-file",
                file("ca.pem"),
                "--tls-auth-clients",
                "optional");
        InetSocketAddress address = listening(port);
        Client<Command, Reply> redis = clients.connect(
                        address, Resp.client().over(client().identity(identity("client"))))
                .timeout(LONG)
                .await();
        var calls = new ArrayList<Future<Reply>>();
        for (int i = 0; i < 1000; i++) {
            calls.add(redis.call(Command.of("ECHO", "x".repeat(i))));
        }
        for (int i = 0; i < 1000; i++) {
            assertThat(calls.get(i).timeout(LONG).await()).isEqualTo(Reply.bulk("x".repeat(i)));
        }
        redis.close();
        redis.closed().timeout(LONG).await();

        var said = new StringWriter();
        int status = Main.execute(
                new PrintWriter(said, true),
                new PrintWriter(said, true),
                "redis",
                "--address",
                endpoint(address),
                "--ca",
                file("ca.pem"));
        assertThat(status).as(said.toString()).isZero();
        assertThat(said.toString()).contains("over TLS").endsWith("demo passed\n");
    }
}
