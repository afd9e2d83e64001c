package rill.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;
import rill.CallFailedException;
import rill.ConnectOptions;
import rill.Future;
import rill.Loop;
import rill.LoopOptions;
import rill.codec.proxy.HttpConnect;
import rill.codec.proxy.Socks5;
import rill.codec.tls.Pem;
import rill.codec.tls.Tls;
import rill.http.ClientRequest;
import rill.http.ClientResponse;
import rill.http.HttpBody;
import rill.http.HttpClient;
import rill.http.HttpClientOptions;
import rill.http.HttpProxy;
import rill.testing.RecordingReporter;
import rill.testing.UnderTest;
import rill.testkit.Authority;
import rill.testkit.Leaks;

/** Our HTTP client with other projects' servers: nginx, haproxy, Apache httpd, Python's, the JDK's. */
@Tag("slow")
@Timeout(120)
@ExtendWith(Leaks.class)
@ParameterizedClass(name = "over {0}")
@MethodSource("transports")
class HttpClientPeersTest {
    /** One transport of pure JDK, and one with system calls: the others make no difference to a peer. */
    static List<String> transports() {
        return UnderTest.names().stream()
                .filter(name -> !name.equals("epoll-nio"))
                .toList();
    }

    @Parameter
    private String transport;

    @TempDir
    private Path folder;

    private static final HttpClientOptions DEFAULTS = HttpClientOptions.defaults();
    private static final int LARGE = 5_000_000;

    private final RecordingReporter reporter = new RecordingReporter();
    private Loop loop;

    @BeforeEach
    void start() throws IOException {
        loop = Loop.open(LoopOptions.defaults()
                .transport(UnderTest.transport(transport))
                .reporter(reporter)
                .slowHandle(Duration.ZERO));
        Files.writeString(folder.resolve("hello.txt"), "hello from a file\n");
        var noise = new byte[LARGE];
        new Random(1).nextBytes(noise);
        Files.write(folder.resolve("large.bin"), noise);
        Files.writeString(folder.resolve("words.txt"), "words and more words\n".repeat(5_000));
    }

    @AfterEach
    void stop() {
        loop.close();
        reporter.assertNone();
    }

    private String text(HttpClient client, String uri) throws IOException {
        return client.get(uri).await().text().await();
    }

    /** Requests that all of these servers support. */
    private void fetch(String base, HttpClientOptions options) throws IOException {
        loop.run(() -> {
            try (HttpClient client = HttpClient.on(loop, options)) {
                for (int i = 0; i < 20; i++) {
                    assertThat(text(client, base + "/hello.txt")).isEqualTo("hello from a file\n");
                }
                assertThat(client.get(base + "/large.bin").await().bytes().await())
                        .hasSize(LARGE);
                assertThat(client.get(base + "/missing").await().status()).isEqualTo(404);
                ClientResponse head = client.send(ClientRequest.of("HEAD", URI.create(base + "/large.bin")))
                        .await();
                assertThat(head.fields().get("content-length")).isEqualTo("" + LARGE);
                assertThat(text(client, base + "/words.txt")).hasSize(105_000);
                var calls = new ArrayList<Future<ClientResponse>>();
                for (int i = 0; i < 40; i++) {
                    calls.add(client.get(base + "/hello.txt"));
                }
                for (Future<ClientResponse> each : calls) {
                    assertThat(each.await().text().await()).isEqualTo("hello from a file\n");
                }
                client.get(base + "/large.bin").await().discard();
                Future<ClientResponse> given = client.get(base + "/large.bin");
                given.cancel();
                assertThat(text(client, base + "/hello.txt")).isEqualTo("hello from a file\n");
            }
        });
    }

    // ---- nginx

    private LocalServer nginx() throws IOException {
        Authority authority = Authority.create();
        Authority.Issued issued = authority.issue("localhost", "127.0.0.1");
        Files.writeString(folder.resolve("ca.pem"), Authority.pem(authority.certificate()));
        Files.writeString(folder.resolve("server.pem"), issued.chainPem());
        Files.writeString(folder.resolve("server.key"), issued.keyPem());
        folder.toFile().setReadable(true, false);
        folder.toFile().setExecutable(true, false);
        return new LocalServer("nginx", 2, (run, ports) -> {
            Path file = run.resolve("nginx.conf");
            Files.writeString(file, """
                    daemon off;
                    user root;
                    pid %1$s/nginx.pid;
                    error_log stderr;
                    events {}
                    http {
                      access_log off;
                      client_body_temp_path %1$s/b; proxy_temp_path %1$s/p; fastcgi_temp_path %1$s/f; uwsgi_temp_path %1$s/u; scgi_temp_path %1$s/s;
                      gzip on; gzip_types text/plain; gzip_min_length 100;
                      client_max_body_size 1m;
                      keepalive_timeout 20 20; keepalive_requests 7;
                      types { text/plain txt; } default_type application/octet-stream;
                      server {
                        listen 127.0.0.1:%2$d;
                        listen 127.0.0.1:%3$d ssl;
                        ssl_certificate %4$s/server.pem; ssl_certificate_key %4$s/server.key;
                        root %4$s;
                        location /moved { return 302 /hello.txt; }
                        location /closed { return 444; }
                        location /echo { proxy_pass http://127.0.0.1:%2$d/taken; }
                        location /taken { return 200 "taken\\n"; }
                      }
                    }
                    """.formatted(run, ports[0], ports[1], folder));
            return List.of("-c", file.toString(), "-p", run.toString());
        });
    }

    @Test
    void from_nginx() throws Exception {
        try (LocalServer nginx = nginx()) {
            String base = "http://127.0.0.1:" + nginx.address(0).getPort();
            fetch(base, DEFAULTS);
            loop.run(() -> {
                try (HttpClient client = HttpClient.on(loop, DEFAULTS.redirects(3))) {
                    ClientResponse words = client.get(base + "/words.txt").await();
                    assertThat(words.head().fields().get("content-encoding")).isEqualTo("gzip");
                    assertThat(words.inflated()).isTrue();
                    assertThat(words.text().await()).hasSize(105_000);
                    assertThat(text(client, base + "/moved")).isEqualTo("hello from a file\n");
                    assertThatThrownBy(() -> client.get(base + "/closed").await())
                            .isInstanceOf(CallFailedException.class);
                    var echo = URI.create(base + "/echo");
                    var left = new AtomicInteger(8);
                    HttpBody.Source source = () -> loop.done(
                            left.getAndDecrement() > 0 ? Unpooled.wrappedBuffer(new byte[100_000]) : (ByteBuf) null);
                    assertThat(client.send(ClientRequest.post(echo, HttpBody.stream(source)))
                                    .await()
                                    .text()
                                    .await())
                            .isEqualTo("taken\n");
                    assertThat(client.send(ClientRequest.post(echo, HttpBody.of("x".repeat(10_000)))
                                            .expectContinue(Duration.ofSeconds(5)))
                                    .await()
                                    .text()
                                    .await())
                            .isEqualTo("taken\n");
                    HttpBody tooMuch = HttpBody.of(new byte[3_000_000]);
                    assertThat(client.send(ClientRequest.post(echo, tooMuch).expectContinue(Duration.ofSeconds(5)))
                                    .await()
                                    .status())
                            .isEqualTo(413);
                }
            });
        }
    }

    @Test
    void from_nginx_over_tls_and_through_proxies() throws Exception {
        try (LocalServer nginx = nginx();
                LocalServer tinyproxy = new LocalServer("tinyproxy", 1, (run, ports) -> {
                    Path file = run.resolve("tinyproxy.conf");
                    Files.writeString(
                            file, "Port " + ports[0] + "\nListen 127.0.0.1\nAllow 127.0.0.1\nLogLevel Critical\n");
                    return List.of("-d", "-c", file.toString());
                });
                LocalServer microsocks = new LocalServer(
                        "microsocks", 1, (run, ports) -> List.of("-i", "127.0.0.1", "-p", "" + ports[0]))) {
            HttpClientOptions trusting = DEFAULTS.tls(Tls.client()
                    .trust(Pem.certificates(folder.resolve("ca.pem")))
                    .alpn("http/1.1"));
            String secure = "https://localhost:" + nginx.address(1).getPort() + "/hello.txt";
            List<ConnectOptions> ways = List.of(
                    ConnectOptions.defaults(),
                    ConnectOptions.defaults().proxy(HttpConnect.at(tinyproxy.address())),
                    ConnectOptions.defaults().proxy(Socks5.at(microsocks.address())));
            loop.run(() -> {
                try (HttpClient client = HttpClient.on(loop, trusting.proxy(HttpProxy.at(tinyproxy.address())))) {
                    assertThat(text(client, secure)).isEqualTo("hello from a file\n");
                    String plain = "http://localhost:" + nginx.address(0).getPort();
                    assertThat(text(client, plain + "/hello.txt")).isEqualTo("hello from a file\n");
                    assertThat(client.get(plain + "/large.bin").await().bytes().await())
                            .hasSize(LARGE);
                    assertThat(client.get(plain + "/missing").await().status()).isEqualTo(404);
                }
                for (ConnectOptions way : ways) {
                    try (HttpClient client = HttpClient.on(loop, trusting.connect(way))) {
                        assertThat(text(client, secure)).isEqualTo("hello from a file\n");
                        assertThat(text(client, secure)).isEqualTo("hello from a file\n");
                        assertThat(text(
                                        client,
                                        "http://localhost:" + nginx.address(0).getPort() + "/hello.txt"))
                                .isEqualTo("hello from a file\n");
                    }
                }
                try (HttpClient distrusting = HttpClient.on(loop)) {
                    assertThatThrownBy(() -> distrusting.get(secure).await())
                            .isInstanceOfSatisfying(
                                    CallFailedException.class,
                                    failed -> assertThat(failed.fate()).isEqualTo(CallFailedException.Fate.NEVER_SENT));
                }
            });
        }
    }

    // ---- others

    @Test
    void from_haproxy_before_a_server_that_fails() throws Exception {
        try (LocalServer nginx = nginx();
                LocalServer haproxy = new LocalServer("haproxy", 1, (run, ports) -> {
                    Path file = run.resolve("haproxy.cfg");
                    Files.writeString(
                            file, """
                            defaults
                              mode http
                              timeout connect 1s
                              timeout client 10s
                              timeout server 1s
                              timeout http-keep-alive 2s
                              retries 0
                            frontend front
                              bind 127.0.0.1:%d
                              use_backend dead if { path_beg /dead }
                              http-request deny deny_status 403 if { path_beg /denied }
                              http-request tarpit if { path_beg /slow }
                              timeout tarpit 1s
                              default_backend files
                            backend files
                              server one 127.0.0.1:%d
                            backend dead
                              server none 127.0.0.1:1
                            """.formatted(ports[0], nginx.address(0).getPort()));
                    return List.of("-db", "-f", file.toString());
                })) {
            String base = "http://127.0.0.1:" + haproxy.address().getPort();
            fetch(base, DEFAULTS);
            loop.run(() -> {
                try (HttpClient client = HttpClient.on(loop, DEFAULTS.headTimeout(Duration.ofSeconds(5)))) {
                    for (int status : new int[] {503, 403, 500}) {
                        String path = status == 503 ? "/dead" : status == 403 ? "/denied" : "/slow";
                        ClientResponse response = client.get(base + path).await();
                        assertThat(response.status()).isEqualTo(status);
                        assertThat(response.text().await()).isNotEmpty();
                    }
                    assertThat(text(client, base + "/hello.txt")).isEqualTo("hello from a file\n");
                }
            });
        }
    }

    @Test
    void from_apache() throws Exception {
        try (LocalServer apache = new LocalServer("apache2", 1, (run, ports) -> {
            Path file = run.resolve("httpd.conf");
            Files.writeString(file, """
                    ServerRoot %1$s
                    ServerName localhost
                    PidFile %1$s/pid
                    DefaultRuntimeDir %1$s
                    ErrorLog /dev/stderr
                    Listen 127.0.0.1:%2$d
                    LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
                    LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
                    LoadModule deflate_module /usr/lib/apache2/modules/mod_deflate.so
                    LoadModule filter_module /usr/lib/apache2/modules/mod_filter.so
                    LoadModule mime_module /usr/lib/apache2/modules/mod_mime.so
                    TypesConfig /dev/null
                    AddType text/plain .txt
                    AddOutputFilterByType DEFLATE text/plain
                    KeepAliveTimeout 2
                    MaxKeepAliveRequests 9
                    DocumentRoot %3$s
                    <Directory %3$s>
                      Require all granted
                    </Directory>
                    """.formatted(run, ports[0], folder));
            folder.toFile().setExecutable(true, false);
            folder.toFile().setReadable(true, false);
            return List.of("-X", "-f", file.toString());
        })) {
            fetch("http://127.0.0.1:" + apache.address().getPort(), DEFAULTS);
        }
    }

    @Test
    void from_the_server_of_python() throws Exception {
        try (LocalServer python = new LocalServer("python3", 1, (run, ports) -> {
            Path file = run.resolve("serve.py");
            Files.writeString(file, """
                    import http.server, sys, functools
                    handler = http.server.SimpleHTTPRequestHandler
                    if sys.argv[3] == '1.1': handler.protocol_version = 'HTTP/1.1'
                    http.server.ThreadingHTTPServer(('127.0.0.1', int(sys.argv[1])), functools.partial(handler, directory=sys.argv[2])).serve_forever()
                    """);
            return List.of(file.toString(), "" + ports[0], folder.toString(), transport.equals("nio") ? "1.1" : "1.0");
        })) {
            fetch("http://127.0.0.1:" + python.address().getPort(), DEFAULTS);
        }
    }

    @Test
    void from_the_server_of_the_jdk() throws Exception {
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 100);
        var threads = Executors.newCachedThreadPool();
        server.setExecutor(threads);
        server.createContext("/", exchange -> {
            Path file = folder.resolve(exchange.getRequestURI().getPath().substring(1));
            exchange.getRequestBody().readAllBytes();
            if (!Files.exists(file)) {
                exchange.sendResponseHeaders(404, -1);
            } else if (exchange.getRequestMethod().equals("HEAD")) {
                exchange.getResponseHeaders().set("Content-Length", "" + Files.size(file));
                exchange.sendResponseHeaders(200, -1);
            } else {
                exchange.sendResponseHeaders(200, 0); // chunked
                Files.copy(file, exchange.getResponseBody());
            }
            exchange.close();
        });
        server.createContext("/echo", exchange -> {
            byte[] body = exchange.getRequestBody().readAllBytes();
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        server.start();
        try {
            String base = "http://127.0.0.1:" + server.getAddress().getPort();
            fetch(base, DEFAULTS);
            loop.run(() -> {
                try (HttpClient client = HttpClient.on(loop)) {
                    var left = new AtomicInteger(20);
                    HttpBody.Source source = () -> loop.done(
                            left.getAndDecrement() > 0
                                    ? Unpooled.wrappedBuffer("0123456789".getBytes(StandardCharsets.US_ASCII))
                                    : (ByteBuf) null);
                    URI echo = URI.create(base + "/echo");
                    assertThat(client.send(ClientRequest.post(echo, HttpBody.stream(source)))
                                    .await()
                                    .text()
                                    .await())
                            .isEqualTo("0123456789".repeat(20));
                    assertThat(client.send(ClientRequest.put(echo, HttpBody.of("grün"))
                                            .expectContinue(Duration.ofSeconds(5)))
                                    .await()
                                    .text()
                                    .await())
                            .isEqualTo("grün");
                }
            });
        } finally {
            server.stop(0);
            threads.shutdownNow();
        }
    }
}
