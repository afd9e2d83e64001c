package rill.transport.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import rill.Connection;
import rill.Future;
import rill.Loop;
import rill.Pipeline;
import rill.testkit.Leaks;

/** Names shared by several hosts: their addresses are raced in simulated time, and a service may move. */
@ExtendWith(Leaks.class)
class NamesTest {
    private static final SocketAddress SERVICE = InetSocketAddress.createUnresolved("service", Echo.PORT);
    private static final Duration NEXT_ATTEMPT = Duration.ofMillis(250); // RFC 8305, section 8

    private final Simulation sim = Simulation.seed(3).fix(Freedom.values());
    private Host first;
    private Host second;
    private Loop loop;

    @BeforeEach
    void open() {
        first = sim.host("first", Echo::serve);
        second = sim.host("second", Echo::serve);
        sim.name("service", first, second);
        loop = sim.host("client").loop("main");
    }

    @AfterEach
    void close() {
        sim.close();
    }

    private SocketAddress connected() throws IOException {
        var connection = loop.connect(SERVICE, Pipeline.bytes()).await();
        SocketAddress peer = connection.remoteAddress();
        connection.close();
        sim.run(Duration.ofSeconds(1));
        assertThat(loop.connections()).isZero();
        return peer;
    }

    @Test
    void the_first_address_is_taken_if_it_answers() throws IOException {
        assertThat(connected()).isEqualTo(first.address(Echo.PORT));
        assertThat(sim.elapsed()).isLessThan(NEXT_ATTEMPT.plusSeconds(1));
    }

    @Test
    void an_address_where_nobody_answers_costs_a_quarter_of_a_second() throws IOException {
        sim.inject(Faults.blackhole("first", Echo.PORT));
        Future<?> connecting = loop.connect(SERVICE, Pipeline.bytes()).map(connection -> {
            assertThat(connection.remoteAddress()).isEqualTo(second.address(Echo.PORT));
            connection.close();
            return connection;
        });
        sim.runUntil(connecting::isDone);
        assertThat(connecting.failure()).isNull();
        assertThat(sim.elapsed()).isBetween(NEXT_ATTEMPT, NEXT_ATTEMPT.plusMillis(20));
        sim.run(Duration.ofSeconds(5));
        assertThat(loop.connections()).isZero();
    }

    @Test
    void an_address_that_refuses_costs_nothing() throws IOException {
        sim.inject(Faults.refuse("first", Echo.PORT));
        Future<Connection<?, ?>> connecting =
                loop.connect(SERVICE, Pipeline.bytes()).map(connection -> connection);
        sim.runUntil(connecting::isDone);
        assertThat(sim.elapsed()).isLessThan(NEXT_ATTEMPT);
        assertThat(connecting.result().remoteAddress()).isEqualTo(second.address(Echo.PORT));
        connecting.result().abort();
    }

    @Test
    void if_all_refuse_each_is_named() {
        sim.inject(Faults.refuse("first", Echo.PORT));
        sim.inject(Faults.refuse("second", Echo.PORT));
        assertThatThrownBy(() -> loop.connect(SERVICE, Pipeline.bytes()).await())
                .isInstanceOf(ConnectException.class)
                .satisfies(failure -> assertThat(List.of(failure.getMessage(), failure.getSuppressed()[0].getMessage()))
                        .anySatisfy(text ->
                                assertThat(text).contains(first.address().getHostAddress()))
                        .anySatisfy(text ->
                                assertThat(text).contains(second.address().getHostAddress())));
    }

    @Test
    void a_service_that_moves_is_found_where_it_is() throws IOException {
        sim.name("service", second);
        assertThat(connected()).isEqualTo(second.address(Echo.PORT));
        sim.name("service", first);
        assertThat(connected()).isEqualTo(first.address(Echo.PORT));
    }

    @Test
    void faults_of_names_strike_these_as_well() {
        sim.inject(Faults.nameFails("service"));
        assertThatThrownBy(() -> loop.connect(SERVICE, Pipeline.bytes()).await())
                .isInstanceOf(UnknownHostException.class)
                .hasMessageContaining("service");
    }

    @Test
    void a_name_is_a_hosts_or_given_and_never_both() {
        assertThatThrownBy(() -> sim.name("first", second))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("there is a host of the name first");
        assertThatThrownBy(() -> sim.host("service"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("the name service is given to hosts already");
        assertThatThrownBy(() -> sim.name("nobody"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("the name nobody is given to nobody");
    }
}
