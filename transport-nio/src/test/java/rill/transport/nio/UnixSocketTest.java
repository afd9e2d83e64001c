package rill.transport.nio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import rill.ConnectOptions;
import rill.Future;
import rill.Listener;
import rill.testing.UnderTest;

/** Unix domain sockets with a path; the same on every transport. */
class UnixSocketTest extends OnNio {
    @TempDir
    private Path folder;

    private Listener serve(UnixDomainSocketAddress address) throws IOException {
        return loop.serve(address, Lines.PIPELINE, line -> Future.of("got " + line))
                .await();
    }

    private UnixDomainSocketAddress address(String name) {
        return UnixDomainSocketAddress.of(folder.resolve(name));
    }

    @Test
    void a_client_and_a_server_talk() throws Exception {
        var address = address("talk");
        task(() -> {
            Listener server = serve(address);
            assertThat(server.address()).isEqualTo(address);
            assertThatThrownBy(server::port)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining(address + " has no port");
            var client = loop.connect(server.address(), Lines.inOrder()).await();
            var first = client.call("one");
            var second = client.call("two");
            assertThat(first.await()).isEqualTo("got one");
            assertThat(second.await()).isEqualTo("got two");
            client.close();
            client.closed().await();
            server.close();
        });
    }

    @Test
    void the_addresses_are_known_at_both_ends() throws Exception {
        var address = address("addresses");
        task(() -> {
            var accepted = loop.<rill.Connection<String, String>>promise();
            Listener server =
                    loop.listen(address, Lines.PIPELINE, accepted::complete).await();
            var connection = loop.connect(address, Lines.PIPELINE).await();
            assertThat(connection.remoteAddress()).isEqualTo(address);
            assertThat(connection.localAddress()).isEqualTo(UnixDomainSocketAddress.of(""));
            assertThat(accepted.await().localAddress()).isEqualTo(address);
            assertThat(accepted.await().remoteAddress()).isEqualTo(UnixDomainSocketAddress.of(""));
            connection.abort();
            accepted.await().abort();
            server.close();
        });
    }

    @Test
    void closing_the_listener_removes_the_file_and_the_next_one_can_bind() throws Exception {
        var address = address("again");
        for (int round = 0; round < 3; round++) {
            task(() -> {
                Listener server = serve(address);
                assertThat(address.getPath()).exists();
                server.close();
                assertThat(address.getPath()).doesNotExist();
            });
        }
    }

    @Test
    void a_file_that_has_taken_the_place_stays() throws Exception {
        var address = address("replaced");
        task(() -> {
            Listener server = serve(address);
            Files.delete(address.getPath());
            Files.writeString(address.getPath(), "somebody else's");
            server.close();
            assertThat(address.getPath()).hasContent("somebody else's");
        });
    }

    @Test
    void a_stale_file_is_in_the_way_and_the_error_says_what_to_do() throws Exception {
        var address = address("stale");
        try (var stale = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            stale.bind(address);
        }
        assertThat(address.getPath()).exists();
        Throwable failure = failureOf(loop.serve(address, Lines.PIPELINE, Future::of));
        assertThat(failure)
                .isInstanceOf(BindException.class)
                .hasMessageContaining(address.toString())
                .hasMessageContaining("already in use")
                .hasMessageContaining("delete it");
        assertThat(address.getPath()).as("what is not ours is left alone").exists();
        assertThat(failureOf(loop.connect(address, Lines.PIPELINE))).isInstanceOf(ConnectException.class);
    }

    @Test
    void a_path_that_is_too_long_is_a_clear_error_for_both_sides() throws Exception {
        var address = address("x".repeat(120));
        assertThat(failureOf(loop.serve(address, Lines.PIPELINE, Future::of)))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(address.toString())
                .hasMessageMatching("(?s).*(too long|at most).*");
        assertThat(failureOf(loop.connect(address, Lines.PIPELINE)))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(address.toString())
                .hasMessageMatching("(?s).*(too long|at most).*");
    }

    @Test
    void nobody_there_is_refused_or_missing() throws Exception {
        assertThat(failureOf(loop.connect(address("nobody"), Lines.PIPELINE)))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("No such file");
    }

    @Test
    void an_option_of_tcp_is_refused_by_name() throws Exception {
        var options = ConnectOptions.defaults().option(StandardSocketOptions.TCP_NODELAY, true);
        assertThat(failureOf(loop.connect(address("option"), Lines.PIPELINE, options)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("TCP_NODELAY")
                .hasMessageContaining(UnderTest.name());
    }
}
