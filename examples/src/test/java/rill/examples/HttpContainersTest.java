package rill.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.images.builder.Transferable;
import org.testcontainers.utility.DockerImageName;
import rill.Future;
import rill.Loop;
import rill.LoopOptions;
import rill.http.ClientRequest;
import rill.http.ClientResponse;
import rill.http.HttpBody;
import rill.http.HttpClient;
import rill.http.HttpResponse;
import rill.http.HttpServer;

/** nginx and haproxy in containers, from the images that scripts/containers.sh builds, between our client and our server. */
@Tag("containers")
@Timeout(180)
class HttpContainersTest {
    private static final String NGINX = """
            daemon off; user root; pid /run/nginx.pid; error_log stderr crit;
            events {}
            http {
              access_log off; client_max_body_size 10m;
              client_body_temp_path /tmp/b; proxy_temp_path /tmp/p; fastcgi_temp_path /tmp/f; uwsgi_temp_path /tmp/u; scgi_temp_path /tmp/s;
              server {
                listen 127.0.0.1:%d;
                location / { proxy_pass http://127.0.0.1:%d; proxy_http_version 1.1; proxy_set_header Connection ""; }
              }
            }
            """;
    private static final String HAPROXY = """
            defaults
              mode http
              timeout connect 10s
              timeout client 30s
              timeout server 30s
            listen proxy
              bind 127.0.0.1:%d
              server ours 127.0.0.1:%d
            """;

    private enum Between {
        NGINX("localhost/rill-nginx:1", HttpContainersTest.NGINX, "/usr/bin/nginx", "-c"),
        HAPROXY("localhost/rill-haproxy:2", HttpContainersTest.HAPROXY, "/usr/bin/haproxy", "-db", "-f");

        private final String image;
        private final String configuration;
        private final String[] command;

        Between(String image, String configuration, String... command) {
            this.image = image;
            this.configuration = configuration;
            this.command = command;
        }

        /** A container in this machine's network, so that it reaches our server at the loopback. */
        GenericContainer<?> container(int listens, int ours) {
            return new GenericContainer<>(DockerImageName.parse(image))
                    .withImagePullPolicy(name -> false)
                    .withNetworkMode("host")
                    .withCopyToContainer(Transferable.of(configuration.formatted(listens, ours)), "/etc/rill.conf")
                    .withCommand(String.join(" ", command) + " /etc/rill.conf");
        }
    }

    private Loop loop;
    private Loop clients;

    @BeforeEach
    void open() throws IOException {
        loop = Loop.open(LoopOptions.defaults().slowHandle(Duration.ZERO)).start();
        clients = Loop.open();
    }

    @AfterEach
    void close() {
        clients.close();
        loop.close();
    }

    private static Future<HttpResponse> answer(rill.http.HttpRequest request) {
        return Future.of(
                request.path().equals("/echo") ? HttpResponse.of(request.body()) : HttpResponse.text("from ours"));
    }

    @ParameterizedTest
    @EnumSource
    void what_is_sent_through_it_comes_back(Between between) throws Exception {
        HttpServer server = HttpServer.serve(loop, Loopback.ANY_PORT, HttpContainersTest::answer)
                .toCompletableFuture()
                .get();
        int port = freePort();
        try (var container = between.container(port, server.port());
                var client = HttpClient.on(clients)) {
            container.start();
            awaitListening(port);
            String at = "http://127.0.0.1:" + port;
            for (int i = 0; i < 20; i++) { // on a kept-alive connection
                assertThat(client.get(at + "/").await().text().await()).isEqualTo("from ours");
            }
            var bytes = new byte[1_000_000];
            new Random(1).nextBytes(bytes);
            byte[] back = client.post(URI.create(at + "/echo"), HttpBody.of(bytes))
                    .await()
                    .bytes()
                    .await();
            assertThat(back).isEqualTo(bytes);
            ClientResponse head =
                    client.send(ClientRequest.of("HEAD", URI.create(at + "/"))).await();
            assertThat(head.text().await()).isEmpty();
            server.finish().toCompletableFuture().get();
            assertThat(client.get(at + "/").await().status()).isIn(502, 503);
        }
    }

    private static int freePort() throws IOException {
        try (var probe = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
            return probe.getLocalPort();
        }
    }

    private static void awaitListening(int port) {
        while (true) { // bounded by the test's timeout
            try (var socket = new Socket()) {
                socket.connect(Loopback.port(port), 1_000);
                return;
            } catch (IOException notYet) {
                LockSupport.parkNanos(20_000_000);
            }
        }
    }
}
