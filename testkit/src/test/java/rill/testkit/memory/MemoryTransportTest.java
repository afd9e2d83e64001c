package rill.testkit.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import rill.Client;
import rill.ClientProtocol;
import rill.Connection;
import rill.DeadlineException;
import rill.Listener;
import rill.Loop;
import rill.Pipeline;
import rill.Promise;
import rill.testing.TextLines;

/** What users of the memory transport see. {@link MemoryTransportConformanceTest} checks that it keeps the contract. */
class MemoryTransportTest {
    private static final ClientProtocol<String, String> LINES = ClientProtocol.inOrder(TextLines.pipeline());

    private static String askOnce(MemoryTransport transport) throws IOException {
        try (Loop loop = Loop.open(transport)) {
            Listener listener = loop.serve(
                            MemoryTransport.ANY, TextLines.pipeline(), request -> loop.done("answer to " + request))
                    .await();
            Client<String, String> client =
                    loop.connect(listener.address(), LINES).await();
            return client.call("a question").await();
        }
    }

    @Test
    void a_client_and_a_server_on_one_thread_need_no_sockets() throws Exception {
        var transport = MemoryTransport.calm();
        assertThat(askOnce(transport)).isEqualTo("answer to a question");
        assertThat(transport.left()).isEmpty();
    }

    @Test
    void whatever_chance_does_the_bytes_are_the_same() throws Exception {
        for (long seed = 1; seed <= 50; seed++) {
            var transport = new MemoryTransport(seed);
            assertThat(askOnce(transport)).as("with seed " + seed).isEqualTo("answer to a question");
            assertThat(transport.left()).as("with seed " + seed).isEmpty();
        }
    }

    @Test
    void the_same_seed_takes_the_same_time() throws Exception {
        var first = new MemoryTransport(7);
        var second = new MemoryTransport(7);
        askOnce(first);
        askOnce(second);
        assertThat(first.nanoTime()).isEqualTo(second.nanoTime());
    }

    @Test
    void a_deadline_of_an_hour_takes_no_time() throws Exception {
        var transport = MemoryTransport.calm();
        try (Loop loop = Loop.open(transport)) {
            long start = transport.nanoTime();
            assertThatThrownBy(() -> loop.promise().timeout(Duration.ofHours(1)).await())
                    .isInstanceOf(DeadlineException.class);
            assertThat(transport.nanoTime() - start)
                    .isEqualTo(Duration.ofHours(1).toNanos());
        }
    }

    @Test
    void an_await_of_what_can_never_be_says_so() throws Exception {
        try (Loop loop = Loop.open(MemoryTransport.calm())) {
            Promise<String> never = loop.promise();
            assertThatThrownBy(never::await)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("nothing is left");
        }
    }

    @Test
    void time_passes_for_the_loops_or_without_them() throws Exception {
        var transport = MemoryTransport.calm();
        try (Loop loop = Loop.open(transport)) {
            var rang = new ArrayList<String>();
            loop.schedule(Duration.ofSeconds(1), "first", () -> rang.add("first"));
            loop.schedule(Duration.ofSeconds(3), "second", () -> rang.add("second"));
            transport.hold(Duration.ofSeconds(1));
            assertThat(rang).isEmpty();
            transport.turns(10);
            assertThat(rang).containsExactly("first");
            transport.pass(Duration.ofSeconds(1));
            assertThat(rang).containsExactly("first");
            transport.until(Duration.ofHours(1), () -> rang.size() == 2);
            assertThat(rang).containsExactly("first", "second");
            assertThat(loop.nanoTime()).isEqualTo(transport.nanoTime());
        }
    }

    @Test
    void a_reset_is_told_to_both_ends_and_a_stall_holds_bytes_up() throws Exception {
        var transport = MemoryTransport.calm();
        try (Loop loop = Loop.open(transport)) {
            var accepted = new ArrayList<Connection<String, String>>();
            var got = new ArrayList<String>();
            var failures = new ArrayList<Throwable>();
            Listener listener = loop.listen(MemoryTransport.ANY, TextLines.pipeline(), connection -> {
                        accepted.add(connection);
                        connection.onFailure(failure -> failures.add(failure.cause()));
                        connection.onMessage(got::add);
                    })
                    .await();
            Connection<String, String> connection =
                    loop.connect(listener.address(), TextLines.pipeline()).await();
            connection.onFailure(failure -> failures.add(failure.cause()));
            connection.onMessage(got::add);
            transport.turns(100);
            var here = connection.localAddress();
            var there = connection.remoteAddress();

            transport.stall(here, there, Duration.ofSeconds(5));
            connection.write("late");
            transport.pass(Duration.ofSeconds(4));
            assertThat(got).isEmpty();
            transport.pass(Duration.ofSeconds(2));
            assertThat(got).containsExactly("late");

            transport.reset(here, there);
            transport.pass(Duration.ofSeconds(1));
            assertThat(failures)
                    .hasSize(2)
                    .allSatisfy(each ->
                            assertThat(each).isInstanceOf(IOException.class).hasMessageContaining("reset"));
            assertThat(accepted).hasSize(1);
        }
        assertThat(transport.left()).isEmpty();
    }

    @Test
    void one_that_loses_bytes_is_noticed() {
        var wrong = new ArrayList<Long>();
        for (long seed = 1; seed <= 20; seed++) {
            var transport = new MemoryTransport(seed).misbehaving(Misconduct.LOSES_BYTES);
            try {
                if (!askOnce(transport).equals("answer to a question")) {
                    wrong.add(seed);
                }
            } catch (IOException | IllegalStateException e) {
                wrong.add(seed);
            }
        }
        assertThat(wrong).isNotEmpty();
    }

    @Test
    void what_is_open_is_named() throws Exception {
        var transport = MemoryTransport.calm();
        Loop loop = Loop.open(transport);
        loop.listen(MemoryTransport.ANY, Pipeline.bytes(), connection -> {}).await();
        assertThat(transport.left()).isEqualTo(List.of("1 acceptors", "1 selectors"));
        transport.closeLoops();
        assertThat(loop.isClosed()).isTrue();
        assertThat(transport.left()).isEmpty();
    }

    /** Takes ports up to the last one, and releases them. */
    private static void goRound(MemoryTransport transport) {
        InetSocketAddress each;
        do {
            each = transport.ephemeral();
        } while (each != null && each.getPort() < 65_535);
    }

    @Test
    void ports_come_round_again_and_those_in_use_are_left_out() throws Exception {
        var transport = MemoryTransport.calm();
        try (Loop loop = Loop.open(transport)) {
            Listener listener = loop.serve(MemoryTransport.ANY, TextLines.pipeline(), loop::done)
                    .await();
            Client<String, String> first =
                    loop.connect(listener.address(), LINES).await();
            Connection<String, String> gone =
                    loop.connect(listener.address(), TextLines.pipeline()).await();
            int free = ((InetSocketAddress) gone.localAddress()).getPort();
            gone.abort().await();
            transport.pass(Duration.ofSeconds(1));
            goRound(transport);
            Connection<String, String> again =
                    loop.connect(listener.address(), TextLines.pipeline()).await();
            assertThat(((InetSocketAddress) again.localAddress()).getPort()).isEqualTo(free);
            assertThat(transport.hasReset(again.localAddress(), listener.address()))
                    .as("what is known of an earlier connection is not known of this one")
                    .isFalse();
            again.write("to the second").await();
            assertThat(first.call("to the first").await()).isEqualTo("to the first");
            assertThat(again.receive().await()).isEqualTo("to the second");
        }
        assertThat(transport.left()).isEmpty();
    }

    @Test
    void where_every_port_is_in_use_connecting_and_listening_say_so() throws Exception {
        var transport = MemoryTransport.calm();
        try (Loop loop = Loop.open(transport)) {
            Listener listener = loop.serve(MemoryTransport.ANY, TextLines.pipeline(), loop::done)
                    .await();
            for (InetSocketAddress each = transport.ephemeral(); each != null; each = transport.ephemeral()) {
                transport.begins(each);
            }
            assertThatThrownBy(() -> loop.connect(listener.address(), LINES).await())
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("Cannot assign requested address");
            assertThatThrownBy(() -> loop.serve(MemoryTransport.ANY, TextLines.pipeline(), loop::done)
                            .await())
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("Address already in use");
        }
        assertThat(transport.left()).isEmpty();
    }
}
