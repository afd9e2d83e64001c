package rill.transport.nio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import rill.spi.SocketOptions;
import rill.testing.UnderTest;

/** Addresses that can't be used: the message says what to do. */
class AddressTest extends OnSelector {
    private void assertRefused(SocketAddress address, String... hints) {
        assertRefused(() -> connect(address, new Events()), hints);
        assertRefused(() -> selector.listen(address, 0, SocketOptions.none(), new Accepting()), hints);
        assertRefused(() -> selector.connect(OnNio.ANY_PORT, address, SocketOptions.none(), new Events()), hints);
    }

    private static void assertRefused(ThrowingCallable call, String... hints) {
        assertThatThrownBy(call)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContainingAll(hints)
                .hasMessageContaining(UnderTest.name());
    }

    @Test
    void a_unix_address_without_a_path_is_refused_with_an_example() {
        assertRefused(UnixDomainSocketAddress.of(""), "path", "UnixDomainSocketAddress.of(\"/run/my.socket\")");
    }

    @Test
    void a_name_that_was_not_resolved_is_refused_with_the_name() {
        assertRefused(InetSocketAddress.createUnresolved("example.org", 80), "example.org", "resolved");
    }

    /** NIO obeys the JVM's setting. Transports that call the C library ask the kernel, which knows the address. */
    @Test
    @Tag("slow")
    void without_ipv6_an_address_of_it_fails_and_the_message_says_so() throws Exception {
        boolean kernelIsAsked =
                List.of("epoll", "uring").contains(UnderTest.name()) && Files.exists(Path.of("/proc/net/if_inet6"));
        try (var child = Child.java("export JDK_JAVA_OPTIONS=-Djava.net.preferIPv4Stack=true;", NoIpv6Main.class)) {
            String connect = child.expect("CONNECT");
            String listen = child.expect("LISTEN");
            if (kernelIsAsked) {
                assertThat(connect).contains("ConnectException").doesNotContain("IPv6");
                assertThat(listen).doesNotContain("IPv6");
            } else {
                assertThat(List.of(connect, listen))
                        .allSatisfy(outcome -> assertThat(outcome)
                                .contains(
                                        "java.net.SocketException",
                                        "0:0:0:0:0:0:0:1",
                                        "no IPv6",
                                        "use an IPv4 address"));
            }
            child.finish();
        }
    }
}
