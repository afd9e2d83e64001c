package rill.transport.epoll.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static rill.transport.epoll.linux.SocketAddressArea.AF_INET;
import static rill.transport.epoll.linux.SocketAddressArea.AF_INET6;
import static rill.transport.epoll.linux.SocketAddressArea.AF_UNIX;
import static rill.transport.epoll.linux.SocketAddressArea.NOT_INET4;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** IPv4 addresses as numbers. */
class SocketAddressAreaTest {
    private final Arena arena = Arena.ofConfined();
    private final SocketAddressArea area = new SocketAddressArea(arena);

    @AfterEach
    void close() {
        arena.close();
    }

    /** Reads the address as if the kernel had written it. */
    private long inet4(SocketAddress address, int family) throws IOException {
        area.room();
        area.put(address, family);
        return area.inet4();
    }

    private static InetSocketAddress address(String literal, int port) {
        return new InetSocketAddress(InetAddress.ofLiteral(literal), port);
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "1.2.3.4", "0.0.0.1", "128.0.0.0", "255.255.255.255"})
    void an_ipv4_address_is_the_same_by_way_of_its_number_from_a_socket_of_either_kind(String literal)
            throws IOException {
        for (int port : new int[] {0, 1, 0x7fff, 0x8000, 0xffff}) {
            InetSocketAddress expected = address(literal, port);
            for (int family : new int[] {AF_INET, AF_INET6}) {
                long number = inet4(expected, family);
                assertThat(number).isNotEqualTo(NOT_INET4);
                assertThat(SocketAddressArea.inet4(number)).isEqualTo(expected).isEqualTo(area.get());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"::", "::1", "::1.2.3.4", "::fffe:1.2.3.4", "1::ffff:1.2.3.4", "fe80::1"})
    void any_other_address_has_no_number(String literal) throws IOException {
        assertThat(inet4(address(literal, 80), AF_INET6)).isEqualTo(NOT_INET4);
    }

    @Test
    void a_path_has_no_number() throws IOException {
        assertThat(inet4(UnixDomainSocketAddress.of("/a/path"), AF_UNIX)).isEqualTo(NOT_INET4);
    }
}
