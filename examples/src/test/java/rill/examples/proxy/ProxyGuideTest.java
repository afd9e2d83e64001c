package rill.examples.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import rill.Connection;
import rill.Loop;
import rill.LoopOptions;
import rill.codec.proxy.Socks5;
import rill.testing.RawPeer;

/** Compares docs/proxies.md with the code that it shows, and tests that code. */
class ProxyGuideTest {
    private static final Pattern BLOCK = Pattern.compile("```java\n(.*?)\n```", Pattern.DOTALL);
    private static final SocketAddress ANY_PORT = at("127.0.0.1", 0);

    private static InetSocketAddress at(String host, int port) {
        return new InetSocketAddress(InetAddress.ofLiteral(host), port);
    }

    @Test
    void every_code_block_of_the_guide_is_a_piece_of_the_example() throws IOException {
        String source = Files.readString(Path.of("src/main/java/rill/examples/proxy/WhoAmI.java"));
        List<String> blocks = BLOCK.matcher(Files.readString(Path.of("../docs/proxies.md")))
                .results()
                .map(found -> found.group(1))
                .toList();
        assertThat(blocks).hasSize(3).allSatisfy(block -> assertThat(source).contains(block));
    }

    @Test
    void the_server_knows_on_whose_behalf_a_load_balancer_connects() throws IOException {
        try (var loop = Loop.open(LoopOptions.defaults().slowHandle(Duration.ZERO))) {
            SocketAddress address = WhoAmI.serve(loop, ANY_PORT).await().address();
            Connection<String, String> connection =
                    WhoAmI.onBehalfOf(loop, at("192.0.2.1", 4711), address).await();
            connection.write("who am I?");
            assertThat(connection.receive().await()).isEqualTo("you are /192.0.2.1:4711");
            connection.finish().await();
        }
    }

    @Test
    void a_client_goes_through_its_proxy() throws IOException {
        assertThat(WhoAmI.proxy()).hasToString("SOCKS5 proxy at proxy.example:1080");
        try (var peer = RawPeer.listening(talk -> {
                    assertThat(talk.readExactly(3)).containsExactly(5, 1, 0);
                    talk.send(new byte[] {5, 0});
                    byte[] request = talk.readExactly(5 + "who.example".length() + 2);
                    assertThat(new String(request, StandardCharsets.ISO_8859_1))
                            .isEqualTo("\5\1\0\3\13who.example\0\7");
                    talk.send(new byte[] {5, 0, 0, 1, 0, 0, 0, 0, 0, 0});
                    talk.expectLine("who am I?");
                    talk.send("nobody\n");
                });
                var loop = Loop.open(LoopOptions.defaults().slowHandle(Duration.ZERO))) {
            var target = InetSocketAddress.createUnresolved("who.example", 7);
            Connection<String, String> connection =
                    WhoAmI.connect(loop, target, Socks5.at(peer.address())).await();
            connection.write("who am I?");
            assertThat(connection.receive().await()).isEqualTo("nobody");
            connection.finish().await();
            peer.finish();
        }
    }
}
