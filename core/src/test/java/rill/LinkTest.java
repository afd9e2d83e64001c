package rill;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import rill.testing.Loops;
import rill.testing.TextLines;

/** A connection seen from within: its state as it ends, and when not even its failure can be told. */
class LinkTest {
    private static final InetSocketAddress ANY = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    // ---- cut off

    @Test
    void a_receiver_that_hears_of_a_loop_that_fails_finds_its_connection_at_its_end() throws IOException {
        try (var rig = new Rig<>(TextLines.pipeline())) {
            var seen = new ArrayList<Boolean>();
            var told = new ArrayList<Throwable>();
            rig.onLoop(() -> rig.link.receiver(new Receiver<String>() {
                @Override
                public boolean wantsMessage() {
                    return true;
                }

                @Override
                public void message(String message) {}

                @Override
                public void ended() {}

                @Override
                public void finish() {}

                @Override
                public boolean closed(@Nullable Throwable cause) {
                    seen.add(rig.link.mayFail());
                    told.add(cause);
                    return true;
                }
            }));
            rig.settle();
            var cause = new IOException("the loop has failed");
            rig.onLoop(() -> rig.link.cutOff(cause));
            assertThat(seen).containsExactly(false);
            assertThat(told).containsExactly(cause);
            assertThat(rig.wire.aborted).isTrue();
            assertThat(rig.connection().closed().isDone()).isTrue();
        }
    }

    @Test
    void a_connection_that_drains_is_cut_off_in_good_order() throws IOException {
        try (var rig = new Rig<>(TextLines.pipeline())) {
            rig.collect(rig.connection());
            rig.onLoop(rig.connection()::close);
            rig.settle();
            assertThat(rig.wire.outputShut).isTrue();
            rig.onLoop(() -> rig.link.cutOff(new IOException("the loop has failed")));
            assertThat(rig.wire.closed).isTrue();
            assertThat(rig.wire.aborted).isFalse();
        }
    }

    // ---- a write that fails while a layer holds up the end

    @Test
    void a_connection_whose_last_writes_can_not_leave_any_more_waits_for_nothing_when_its_owner_is_told()
            throws IOException {
        try (var rig = new Rig<>(TextLines.pipeline().over(new HoldingLayer()))) {
            var unfinished = new ArrayList<Boolean>();
            rig.onLoop(() -> rig.connection()
                    .onFailure(failure -> {
                        rig.failures.add(failure.cause());
                        unfinished.add(rig.link.unfinished());
                    })
                    .onMessage(line -> {}));
            rig.settle();
            rig.onLoop(() -> {
                rig.connection().write("held back");
                rig.connection().close();
            });
            rig.settle();
            assertThat(rig.link.unfinished()).isTrue();
            rig.wire.failWrites(new IOException("a write failed"));
            rig.settle();
            assertThat(rig.failures).singleElement().isInstanceOf(IOException.class);
            assertThat(unfinished).containsExactly(false);
            assertThat(rig.wire.closed).isTrue();
            assertThat(rig.loop.nextTimer()).isEmpty();
        }
    }

    @Test
    void a_layer_that_lets_go_in_the_tick_in_which_its_time_is_up_is_still_in_time() throws IOException {
        var limits = ConnectionLimits.defaults()
                .closeProgress(Duration.ofSeconds(5))
                .drainBytes(0); // what arrives is no progress
        try (var rig = new Rig<>(TextLines.pipeline().over(new HoldingLayer()), limits)) {
            rig.settle();
            rig.onLoop(() -> {
                rig.connection().write("abc");
                rig.connection().close();
            });
            rig.settle();
            rig.transport.now += Duration.ofSeconds(5).toNanos();
            rig.arrives("!");
            rig.settle();
            assertThat(rig.wire.aborted).isFalse();
            assertThat(rig.sent()).isEqualTo("hello;abc\n;bye");
        }
    }

    // ---- not even its end can begin

    @Test
    void a_connection_that_fails_and_whose_end_goes_wrong_as_well_is_aborted_and_that_is_reported() throws IOException {
        try (var rig = new Rig<>(TextLines.pipeline())) {
            rig.collect(rig.connection());
            rig.settle();
            rig.wire.knowsNoAddressWithin("Ending.flush");
            var mistake = new StackOverflowError("an event goes wrong");
            rig.transport.events.add(() -> rig.link.attempt(() -> {
                throw mistake;
            }));
            rig.settle();
            assertThat(rig.failures).containsExactly(mistake);
            assertThat(rig.wire.aborted).isTrue();
            assertThat(rig.connection().closed().isDone()).isTrue();
            assertThat(rig.loop.connections()).isZero();
            assertThat(rig.reports).singleElement().isInstanceOf(Report.Thrown.class);
            rig.reports.clear();
        }
    }

    // ---- before its layers are ready

    @Test
    void who_awaits_a_dialed_connection_hears_of_an_orderly_end_before_its_layers_were_ready() throws IOException {
        for (boolean dialed : new boolean[] {true, false}) {
            var told = new ArrayList<Throwable>();
            try (var rig = new Rig<String, String>(ConnectionLimits.defaults(), link -> {
                if (dialed) {
                    link.from(Route.to(new InetSocketAddress(InetAddress.getLoopbackAddress(), 2), null));
                }
                link.audience().awaitReady(told::add);
                return link.open(TextLines.pipeline().over(new HoldingLayer()));
            })) {
                rig.settle();
                rig.wire.end(null);
                rig.settle();
                assertThat(rig.loop.connections()).isZero();
                if (dialed) {
                    assertThat(told)
                            .singleElement()
                            .satisfies(each -> assertThat(each)
                                    .isInstanceOf(IOException.class)
                                    .hasMessageContaining("has ended before its layers were ready"));
                } else {
                    assertThat(told).as("nobody asked for it").isEmpty();
                }
            }
        }
    }

    // ---- the end of its loop or its listener

    @Test
    void one_that_came_in_and_is_connected_after_all_others_were_asked_to_finish_finishes_as_well() throws IOException {
        var transport = new FakeTransport();
        var wire = new FakeWire(transport);
        try (var loops = Loops.manual();
                Loop loop =
                        Loop.open(LoopOptions.defaults().transport(transport).slowHandle(Duration.ZERO))) {
            Listener server = loops.settle(loops.open().listen(ANY, TextLines.pipeline(), each -> {}));
            var self = new Link[1];
            var link = new Link(
                            loop,
                            ConnectionLimits.defaults(),
                            failure -> self[0].open(TextLines.pipeline()).onMessage(line -> {}))
                    .from(new Admission(server));
            self[0] = link;
            link.wire(wire);
            wire.listener = link;
            Runnable arriving = link::abort;
            loop.links().expect();
            loop.links().arrives(arriving);
            loop.closing().start(Duration.ofHours(1));
            for (int i = 0; i < 5; i++) {
                loop.tick();
            }
            transport.events.add(link::connected);
            loop.tick();
            loop.links().arrived(arriving);
            for (int i = 0; i < 5; i++) {
                loop.tick();
            }
            boolean finishes = wire.outputShut;
            wire.end(null);
            transport.now += Duration.ofHours(2).toNanos();
            loop.tick();
            assertThat(finishes).isTrue();
        }
    }

    @Test
    void a_session_knows_whether_its_listener_or_its_loop_goes_away() {
        try (var loops = Loops.manual()) {
            Loop loop = loops.open();
            var contexts = new ArrayList<Context>();
            Codec<String, String> keeping = context -> {
                contexts.add(context);
                return TextLines.codec().open(context);
            };
            var listeners = new ArrayList<Listener>();
            for (int i = 0; i < 2; i++) {
                listeners.add(loops.settle(
                        loop.listen(ANY, Pipeline.of(keeping), each -> each.onMessage(line -> {}, () -> {}))));
                loops.settle(loop.connect(listeners.getLast().address(), TextLines.pipeline()));
                int count = i + 1;
                loops.tickUntil(() -> contexts.size() == count);
            }
            loops.settle(loop.connect(listeners.getLast().address(), Pipeline.of(keeping)));
            loops.tickUntil(() -> contexts.size() == 4);
            assertThat(contexts).noneMatch(Context::isGoingAway);

            listeners.getFirst().close();
            loops.settle();
            assertThat(contexts).filteredOn(Context::isGoingAway).containsExactly(contexts.getFirst());

            loop.closing().start(Duration.ZERO);
            assertThat(contexts).allMatch(Context::isGoingAway);
            loops.settle();
            loops.reporter().take(Report.Survivors.class);
        }
    }

    // ---- what is flushed when

    @Test
    void what_a_session_writes_at_the_end_of_input_has_left_before_the_next_event() throws IOException {
        Codec<String, String> good = context -> new SessionTest.Plain() {
            @Override
            public @Nullable String decode(ByteBuf in, Context decoding) {
                return null;
            }

            @Override
            public @Nullable String inputEnded(ByteBuf rest, Context ending) {
                ending.out().buffer(4).writeCharSequence("bye!", StandardCharsets.US_ASCII);
                return null;
            }
        };
        try (var rig = new Rig<>(Pipeline.of(good))) {
            rig.settle();
            List<String> left = new ArrayList<>();
            rig.transport.events.add(rig.link::inputEnded);
            rig.transport.events.add(() -> left.add(rig.sent()));
            rig.tick();
            assertThat(left).containsExactly("bye!");
        }
    }
}
