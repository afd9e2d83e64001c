package rill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import rill.testing.Loops;
import rill.testing.MemoryAcceptor;
import rill.testing.TextLines;

/** Small slips that change little, each at a boundary: what holds exactly there. */
class SlipsTest {
    private static final InetSocketAddress ANY = new InetSocketAddress("127.0.0.1", 0);

    private static Pipeline<Byte, Byte> singleBytes() {
        return Pipeline.of(
                Codec.of((in, context) -> in.isReadable() ? in.readByte() : null, (m, out) -> out.writeByte(m)));
    }

    @Test
    void a_writer_is_told_to_wait_at_the_high_water_mark_and_not_a_byte_before() throws IOException {
        var limits = ConnectionLimits.defaults().waterMarks(1, 3, 10);
        try (var rig = new Rig<>(singleBytes(), limits)) {
            rig.wire.space = 0;
            rig.collect(rig.connection());
            rig.onLoop(() -> {
                assertThat(rig.connection().write((byte) 1).isDone()).isTrue();
                assertThat(rig.connection().write((byte) 2).isDone()).isTrue();
                assertThat(rig.connection().write((byte) 3).isDone())
                        .as("at the mark")
                        .isFalse();
            });
        }
    }

    /** After that, nobody would wake the loop up any more. */
    @Test
    void a_loop_whose_driving_is_over_while_it_falls_asleep_does_not_sleep() throws Exception {
        try (var loops = Loops.manual()) {
            Loop loop = loops.open();
            var asked = new AtomicInteger();
            var driver = Outside.start(() -> {
                loop.driving().acquire("test");
                try {
                    loop.driving()
                            .drive(
                                    () -> asked.incrementAndGet() > 2,
                                    false); // once by drive, once before falling asleep
                } finally {
                    loop.driving().release();
                }
                return asked.get();
            });
            assertThat(driver.result()).isGreaterThan(2);
        }
    }

    @Test
    void a_selector_that_breaks_ends_every_connection_of_its_loop() {
        try (var loops = Loops.manual()) {
            Loop serving = loops.open();
            Loop loop = loops.open();
            Listener listener = loops.settle(
                    serving.listen(ANY, TextLines.pipeline(), connection -> connection.onMessage(line -> {})));
            var closed = new ArrayList<Future<Void>>();
            for (int i = 0; i < 3; i++) {
                var connection = loops.settle(loop.connect(listener.address(), TextLines.pipeline()));
                closed.add(connection.closed());
            }
            loops.selector().breakWith(new IOException("broken, on purpose"));
            assertThatThrownBy(loop::tick).hasMessageContaining("the loop is closed");
            assertThat(closed).allMatch(Future::isDone);
        }
    }

    @Test
    void a_listener_that_its_user_has_paused_stays_so_when_accepting_is_tried_again() {
        try (var loops = Loops.manual()) {
            Loop loop = loops.open();
            var accepted = new AtomicInteger();
            Listener listener =
                    loops.settle(loop.listen(ANY, TextLines.pipeline(), connection -> accepted.incrementAndGet()));
            MemoryAcceptor acceptor = loops.selector().acceptors().getFirst();
            acceptor.failNext(new IOException("no descriptors, on purpose"));
            var connecting = loop.connect(listener.address(), TextLines.pipeline());
            loops.tickUntil(() -> loops.reporter().reports().stream().anyMatch(Report.AcceptPaused.class::isInstance));
            loops.reporter().take(Report.AcceptPaused.class);
            listener.pause();
            loops.tickUntil(() -> !loop.tick());
            loops.clock().advance(Duration.ofSeconds(1)); // the listener tries again every 100 ms
            ticks(loop, 10);
            assertThat(accepted).hasValue(0);
            listener.resume();
            loops.settle(connecting);
            loops.tickUntil(() -> accepted.get() == 1);
        }
    }

    private static void ticks(Loop loop, int n) {
        for (int i = 0; i < n; i++) {
            loop.tick();
        }
    }

    @Test
    void the_end_of_input_is_not_told_while_reading_is_paused() throws IOException {
        try (var rig = new Rig<>(TextLines.pipeline())) {
            List<String> told = new ArrayList<>();
            rig.onLoop(() -> {
                rig.connection().onMessage(told::add, () -> told.add("end"));
                rig.connection().pause();
            });
            rig.inputEnds();
            rig.settle();
            assertThat(told).isEmpty();
            rig.onLoop(() -> rig.connection().resume());
            rig.settle();
            assertThat(told).containsExactly("end");
        }
    }

    @Test
    void a_call_that_was_cancelled_counts_until_its_answer_has_come() throws IOException {
        var protocol = ClientProtocol.inOrder(TextLines.pipeline()).inFlight(2, ClientProtocol.WhenFull.FAIL);
        tombstonesCount(protocol, "a\nb\n");
    }

    @Test
    void a_call_by_key_that_was_cancelled_counts_until_its_answer_has_come() throws IOException {
        var protocol = ClientProtocol.byKey(TextLines.pipeline(), line -> line, line -> line)
                .inFlight(2, ClientProtocol.WhenFull.FAIL);
        tombstonesCount(protocol, "b\na\n");
    }

    private static void tombstonesCount(ClientProtocol<String, String> protocol, String answers) throws IOException {
        var client = new ArrayList<Client<String, String>>();
        try (var rig = new Rig<String, String>(ConnectionLimits.defaults(), link -> {
            client.add(protocol.open(link));
            return null;
        })) {
            Client<String, String> calling = client.getFirst();
            rig.onLoop(() -> {
                calling.call("a").cancel();
                calling.call("b").cancel();
            });
            rig.settle();
            rig.onLoop(() -> assertThat(calling.call("c").failure()).hasMessageContaining("is full"));
            rig.arrives(answers);
            var next = new ArrayList<Future<String>>();
            rig.onLoop(() -> next.add(calling.call("c")));
            rig.arrives("c\n");
            rig.settle();
            assertThat(next.getFirst().result()).isEqualTo("c");
        }
    }

    /** The flush of one connection may cause a write on another, when it fails and a callback is notified. */
    @Test
    void what_is_written_during_the_flush_of_a_tick_leaves_as_well() throws IOException {
        try (var failing = new Rig<>(TextLines.pipeline())) {
            var wire = new FakeWire(failing.transport);
            var opened = new ArrayList<Connection<String, String>>();
            var self = new Link[1];
            var other = new Link(
                    failing.loop,
                    ConnectionLimits.defaults(),
                    failure -> opened.add(self[0].open(TextLines.pipeline())));
            self[0] = other;
            other.wire(wire);
            wire.listener = other;
            failing.loop.links().expect();
            failing.transport.events.add(other::connected);
            failing.tick();

            failing.onLoop(() -> {
                failing.connection().onFailure(failure -> opened.getFirst().write("it failed"));
                failing.wire.flushFailure = new IllegalStateException("on purpose");
                failing.connection().write("x");
            });
            failing.settle();
            assertThat(new String(wire.sent(), StandardCharsets.UTF_8)).isEqualTo("it failed\n");
            failing.onLoop(() -> opened.getFirst().abort());
            failing.settle();
        }
    }
}
