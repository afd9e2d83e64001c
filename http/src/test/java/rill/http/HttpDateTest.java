package rill.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import rill.Future;
import rill.Loop;
import rill.testkit.Leaks;
import rill.testkit.memory.MemoryTransport;
import rill.transport.sim.Host;
import rill.transport.sim.Simulation;

/** The date in a response is the loop's, unless the server was given another source. */
@ExtendWith(Leaks.class)
class HttpDateTest {
    private static String dateOf(Loop server, SocketAddress at, Loop loop, HttpServerOptions options) throws Exception {
        HttpServer listening = HttpServer.serve(server, at, options, request -> Future.of(HttpResponse.text("now")))
                .await();
        var address = (InetSocketAddress) listening.address();
        try (listening;
                var client = HttpClient.on(loop)) {
            return loop.run(() -> {
                try (ClientResponse response = client.get("http://" + address.getHostString() + ":" + address.getPort())
                        .await()) {
                    return String.valueOf(response.field("Date"));
                }
            });
        }
    }

    @Test
    void in_a_simulation_it_is_the_hosts() throws Exception {
        try (var simulation = Simulation.seed(7)) {
            Host host = simulation.host("server");
            simulation.run(Duration.ofDays(1));
            String date = dateOf(
                    host.loop("main"),
                    host.address(80),
                    simulation.host("client").loop("main"),
                    HttpServerOptions.defaults());
            assertThat(Duration.between(
                            HttpDates.parse(date, host.wallClock().instant()),
                            host.wallClock().instant()))
                    .isBetween(Duration.ZERO, Duration.ofSeconds(10));
        }
    }

    @Test
    void in_memory_it_is_that_of_virtual_time() throws Exception {
        assertThat(inMemory(HttpServerOptions.defaults())).startsWith("Tue, 01 Jan 2030 00:00:0");
    }

    @Test
    void it_can_come_from_elsewhere() throws Exception {
        var then = InstantSource.fixed(Instant.parse("1994-11-06T08:49:37Z"));
        assertThat(inMemory(HttpServerOptions.defaults().clock(then))).isEqualTo("Sun, 06 Nov 1994 08:49:37 GMT");
    }

    private static String inMemory(HttpServerOptions options) throws Exception {
        try (var loop = Loop.open(new MemoryTransport(7))) {
            return dateOf(loop, MemoryTransport.ANY, loop, options);
        }
    }
}
