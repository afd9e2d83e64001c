package rill.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;
import rill.Future;
import rill.Loop;
import rill.LoopOptions;
import rill.Report;
import rill.codec.proxy.AddressRanges;
import rill.codec.proxy.ProxyProtocol;
import rill.codec.tls.Identity;
import rill.codec.tls.Tls;
import rill.http.HttpBody;
import rill.http.HttpRequest;
import rill.http.HttpResponse;
import rill.http.HttpServer;
import rill.http.HttpServerOptions;
import rill.testing.RecordingReporter;
import rill.testing.UnderTest;
import rill.testkit.Authority;
import rill.testkit.Leaks;

/** Other projects' clients, proxies and load generators with our server. */
@Tag("slow")
@ExtendWith(Leaks.class)
@ParameterizedClass(name = "over {0}")
@MethodSource("rill.testing.UnderTest#names")
class HttpPeersTest {
    private static final byte[] BIG = new byte[3_000_000];

    static {
        new Random(7).nextBytes(BIG);
    }

    @Parameter
    private String transport;

    @TempDir
    private Path folder;

    private final RecordingReporter reporter = new RecordingReporter();
    private Loop loop;

    @BeforeEach
    void open() throws IOException {
        loop = Loop.open(LoopOptions.defaults()
                .transport(UnderTest.transport(transport))
                .reporter(reporter)
                .slowHandle(Duration.ZERO));
        Files.write(folder.resolve("big.bin"), BIG);
        Files.writeString(folder.resolve("index.html"), "<p>hello</p>\n");
    }

    @AfterEach
    void close() {
        loop.close();
        reporter.assertNone();
    }

    private Future<HttpResponse> answer(HttpRequest request) {
        return switch (request.path()) {
            case "/hello" -> Future.of(HttpResponse.text("hello\n"));
            case "/echo" -> Future.of(HttpResponse.of(request.body()));
            case "/size" -> request.body().bytes().map(bytes -> HttpResponse.text(bytes.length + "\n"));
            case "/limited" -> request.body().bytes(1000).map(bytes -> HttpResponse.text("taken\n"));
            case "/who" -> Future.of(HttpResponse.text(request.remoteAddress() + "\n"));
            case "/chunks" -> Future.of(HttpResponse.of(HttpBody.stream(new Chunks())));
            default -> Future.of(HttpResponse.fileBelow(folder, request.path()));
        };
    }

    /** A body whose length is not declared. */
    private static final class Chunks implements HttpBody.Source {
        private int sent;

        @Override
        public Future<io.netty.buffer.ByteBuf> next() {
            int size = Math.min(10_000, BIG.length - sent);
            var piece = size == 0 ? null : io.netty.buffer.Unpooled.wrappedBuffer(BIG, sent, size);
            sent += size;
            return Future.of(piece);
        }
    }

    private int serve(HttpServerOptions options) throws IOException {
        HttpServer server =
                HttpServer.serve(loop, Loopback.ANY_PORT, options, this::answer).await();
        loop.start();
        return server.port();
    }

    private String url(String path) throws IOException {
        return "http://127.0.0.1:" + serve(HttpServerOptions.defaults()) + path;
    }

    static String curl(String... arguments) throws Exception {
        var all = new java.util.ArrayList<>(List.of("-sS", "--http1.1", "-m", "30"));
        all.addAll(List.of(arguments));
        Programs.Result result = Programs.run("curl", all);
        assertThat(result.status()).as("curl %s: %s", all, result.errors()).isZero();
        return result.output();
    }

    private Path file(String name) {
        return folder.resolve(name);
    }

    // ---- curl

    @Test
    void curl_gets_texts_files_and_parts_of_them() throws Exception {
        String base = url("");
        assertThat(curl(base + "/hello", base + "/hello")).isEqualTo("hello\nhello\n");
        assertThat(curl("--compressed", base + "/index.html")).isEqualTo("<p>hello</p>\n");
        curl("-o", file("got").toString(), base + "/big.bin");
        assertThat(Files.mismatch(file("got"), file("big.bin"))).isEqualTo(-1);
        curl("-r", "1000-1999", "-o", file("part").toString(), base + "/big.bin");
        assertThat(Files.readAllBytes(file("part"))).isEqualTo(java.util.Arrays.copyOfRange(BIG, 1000, 2000));
        Files.write(file("resumed"), java.util.Arrays.copyOf(BIG, 1_234_567));
        curl("-C", "-", "-o", file("resumed").toString(), base + "/big.bin");
        assertThat(Files.mismatch(file("resumed"), file("big.bin"))).isEqualTo(-1);
        assertThat(curl("-r", "9999999-", "-w", "%{http_code}", "-o", "/dev/null", base + "/big.bin"))
                .isEqualTo("416");
        assertThat(curl("-I", base + "/big.bin")).contains("Content-Length: 3000000", "Accept-Ranges: bytes");
        String tag = curl("-I", base + "/index.html")
                .lines()
                .filter(line -> line.startsWith("ETag"))
                .findFirst()
                .orElseThrow();
        assertThat(curl("-H", tag.replace("ETag", "If-None-Match"), "-w", "%{http_code}", base + "/index.html"))
                .isEqualTo("304");
        assertThat(curl("-w", "%{http_code}", "-o", "/dev/null", base + "/nothing"))
                .isEqualTo("404");
        assertThat(curl("-w", "%{http_code}", "-o", "/dev/null", "--path-as-is", base + "/../../etc/passwd"))
                .isEqualTo("404");
        curl("-o", file("chunks").toString(), base + "/chunks");
        assertThat(Files.mismatch(file("chunks"), file("big.bin"))).isEqualTo(-1);
    }

    @Test
    void curl_sends_bodies_of_every_kind() throws Exception {
        String base = url("");
        assertThat(curl("-d", "abc", base + "/echo")).isEqualTo("abc");
        assertThat(curl("-T", file("big.bin").toString(), base + "/size")).isEqualTo("3000000\n"); // with Expect
        assertThat(curl(
                        "-H",
                        "Transfer-Encoding: chunked",
                        "-T",
                        file("big.bin").toString(),
                        base + "/size"))
                .isEqualTo("3000000\n");
        curl("-T", file("big.bin").toString(), "-o", file("back").toString(), base + "/echo");
        assertThat(Files.mismatch(file("back"), file("big.bin"))).isEqualTo(-1);
        assertThat(curl("-T", file("big.bin").toString(), "-w", "%{http_code}", "-o", "/dev/null", base + "/limited"))
                .isEqualTo("413");
        assertThat(curl("-H", "Expect: 100-continue", "-d", "abc", base + "/echo"))
                .isEqualTo("abc");
        assertThat(curl("-0", "-d", "abc", base + "/echo")).isEqualTo("abc");
    }

    @Test
    void curl_gets_over_tls() throws Exception {
        Authority authority = Authority.create();
        Authority.Issued certificate = authority.issue("localhost");
        var tls = Tls.server(Identity.of(certificate.key(), certificate.chain()));
        int port = serve(HttpServerOptions.defaults().over(tls));
        Path trusted = file("ca.pem");
        Files.writeString(
                trusted,
                "-----BEGIN CERTIFICATE-----\n"
                        + java.util.Base64.getMimeEncoder()
                                .encodeToString(authority.certificate().getEncoded())
                        + "\n-----END CERTIFICATE-----\n");
        String base = "https://localhost:" + port;
        assertThat(curl("--cacert", trusted.toString(), base + "/hello", base + "/hello"))
                .isEqualTo("hello\nhello\n");
        curl("--cacert", trusted.toString(), "-o", file("got").toString(), base + "/big.bin");
        assertThat(Files.mismatch(file("got"), file("big.bin"))).isEqualTo(-1);
    }

    // ---- proxies before us

    private LocalServer nginx(int port) throws IOException {
        return new LocalServer("nginx", 1, (where, ports) -> {
            Path config = where.resolve("nginx.conf");
            Files.writeString(config, """
                    daemon off; worker_processes 1; pid %1$s/pid; error_log %1$s/error.log;
                    events { worker_connections 200; }
                    http {
                      access_log off; client_body_temp_path %1$s/body; proxy_temp_path %1$s/proxy;
                      fastcgi_temp_path %1$s/f; uwsgi_temp_path %1$s/u; scgi_temp_path %1$s/s; client_max_body_size 10m;
                      upstream rill { server 127.0.0.1:%3$d; keepalive 4; }
                      server { listen 127.0.0.1:%2$d;
                        location / { proxy_pass http://rill; proxy_http_version 1.1; proxy_set_header Connection "";
                          proxy_buffering off; proxy_request_buffering off; } }
                    }
                    """.formatted(where, ports[0], port));
            return List.of(
                    "-p",
                    where.toString(),
                    "-c",
                    config.toString(),
                    "-e",
                    where.resolve("e").toString());
        });
    }

    private LocalServer haproxy(int port, String option) throws IOException {
        return new LocalServer("haproxy", 1, (where, ports) -> {
            Path config = where.resolve("haproxy.cfg");
            Files.writeString(config, """
                    global
                      maxconn 100
                    defaults
                      mode http
                      timeout connect 10s
                      timeout client 30s
                      timeout server 30s
                    frontend f
                      bind 127.0.0.1:%d
                      default_backend b
                    backend b
                      http-reuse always
                      server s 127.0.0.1:%d %s
                    """.formatted(ports[0], port, option));
            return List.of("-db", "-f", config.toString());
        });
    }

    private void everythingThrough(LocalServer proxy) throws Exception {
        String base = "http://127.0.0.1:" + proxy.address().getPort();
        assertThat(curl(base + "/hello", base + "/hello", base + "/hello")).isEqualTo("hello\n".repeat(3));
        curl("-o", file("got").toString(), base + "/big.bin");
        assertThat(Files.mismatch(file("got"), file("big.bin"))).isEqualTo(-1);
        curl("-o", file("chunks").toString(), base + "/chunks");
        assertThat(Files.mismatch(file("chunks"), file("big.bin"))).isEqualTo(-1);
        assertThat(curl("-d", "abc", base + "/echo")).isEqualTo("abc");
        assertThat(curl("-T", file("big.bin").toString(), base + "/size")).isEqualTo("3000000\n");
        curl("-T", file("big.bin").toString(), "-o", file("back").toString(), base + "/echo"); // with Expect
        assertThat(Files.mismatch(file("back"), file("big.bin"))).isEqualTo(-1);
        assertThat(curl(
                        "-H",
                        "Transfer-Encoding: chunked",
                        "-T",
                        file("big.bin").toString(),
                        base + "/size"))
                .isEqualTo("3000000\n");
        assertThat(curl("-I", base + "/hello")).startsWith("HTTP/1.1 200");
        assertThat(curl("-w", "%{http_code}", "-o", "/dev/null", base + "/nothing"))
                .isEqualTo("404");
    }

    @Test
    void nginx_passes_requests_on() throws Exception {
        try (LocalServer proxy = nginx(serve(HttpServerOptions.defaults()))) {
            everythingThrough(proxy);
        }
    }

    @Test
    void haproxy_passes_requests_on() throws Exception {
        try (LocalServer proxy = haproxy(serve(HttpServerOptions.defaults()), "")) {
            everythingThrough(proxy);
        }
    }

    @Test
    void haproxy_tells_who_the_client_is() throws Exception {
        var trusting = ProxyProtocol.server(AddressRanges.of("127.0.0.0/8"));
        try (LocalServer proxy = haproxy(serve(HttpServerOptions.defaults().over(trusting)), "send-proxy-v2");
                var socket = new Socket()) {
            socket.connect(proxy.address());
            socket.getOutputStream()
                    .write("GET /who HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
                            .getBytes(StandardCharsets.US_ASCII));
            String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
            assertThat(answer).contains(socket.getLocalSocketAddress().toString());
        }
    }

    // ---- load

    @Test
    void load_generators_count_no_error() throws Exception {
        String url = url("/hello");
        Programs.Result ab = Programs.run("ab", List.of("-q", "-k", "-n", "5000", "-c", "20", url));
        assertThat(ab.output())
                .containsPattern("Failed requests: +0")
                .containsPattern("Complete requests: +5000")
                .doesNotContain("Non-2xx");
        Programs.Result wrk = Programs.run("wrk", List.of("-t1", "-c20", "-d1s", url));
        assertThat(wrk.output()).contains("requests in").doesNotContain("Socket errors", "Non-2xx");
        Programs.Result h2load = Programs.run("h2load", List.of("--h1", "-n", "5000", "-c", "20", "-m", "16", url));
        assertThat(h2load.output()).contains("5000 succeeded, 0 failed, 0 errored, 0 timeout", "5000 2xx");
        loop.close();
        reporter.take(Report.ConnectionFailed.class); // they may close once they have enough
    }
}
