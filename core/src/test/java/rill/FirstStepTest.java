package rill;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import rill.PoolState.Failing;

/** What becomes of connecting if the connection, its loop, or the loop of the first step ends while that step runs. */
class FirstStepTest {
    private static void both(PoolRig rig, Loop other) {
        for (int i = 0; i < 300 && !other.isClosed(); i++) {
            rig.loop.tick();
            other.tick();
        }
    }

    private static void closes(PoolRig rig, Loop other) {
        other.closing().start(Duration.ZERO);
        both(rig, other);
        assertThat(other.isClosed()).isTrue();
    }

    @Test
    void a_step_that_never_ends_does_not_outlive_its_connection() {
        try (var rig = new PoolRig()) {
            Future<?> connecting =
                    rig.loop.connect(rig.address, PoolRig.protocol().first(c -> rig.loop.promise()));
            rig.settle();
            rig.lastPeer().aborts();
            assertThat(connecting.failure())
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("has ended before what it needs first was done")
                    .hasMessageContaining("Connection reset");

            Future<?> another = rig.loop.connect(rig.address, PoolRig.protocol().first(c -> rig.loop.promise()));
            rig.settle();
            rig.lastPeer().closes();
            assertThat(another.failure())
                    .isInstanceOf(IOException.class)
                    .hasMessageEndingWith("has ended before what it needs first was done");
        }
    }

    @Test
    void a_pool_tries_again_when_its_connection_goes_during_the_step() {
        try (var rig = new PoolRig()) {
            var steps = new ArrayList<Promise<String>>();
            var pool = rig.pool(
                    PoolRig.protocol().first(client -> {
                        steps.add(rig.loop.promise());
                        return steps.getLast();
                    }),
                    PoolOptions.defaults());
            Future<String> call = rig.call(pool, "a");
            rig.lastPeer().aborts();
            assertThat(pool.state()).isInstanceOf(Failing.class);
            assertThat(steps.getFirst().isCancelled()).isTrue();
            rig.answering().passes(Duration.ofMillis(61));
            steps.getLast().complete("done");
            rig.settle();
            assertThat(call.result()).isEqualTo("answer to a");
        }
    }

    @Test
    void connecting_is_over_when_its_loop_is_closed_during_the_step() {
        try (var rig = new PoolRig()) {
            Loop mine = rig.loops.open();
            Future<?> connecting = mine.connect(rig.address, PoolRig.protocol().first(c -> mine.promise()));
            for (int i = 0; i < 60; i++) {
                rig.loop.tick();
                mine.tick();
            }
            closes(rig, mine);
            assertThat(connecting.failure()).isInstanceOf(CancelledException.class);
        }
    }

    @Test
    void a_step_that_fails_on_another_loop_ends_the_connection_on_its_own() {
        try (var rig = new PoolRig()) {
            Loop other = rig.loops.open();
            Promise<String> token = other.promise();
            var made = new AtomicReference<Client<String, String>>();
            Future<?> connecting =
                    rig.loop.connect(rig.address, PoolRig.protocol().first(client -> {
                        made.set(client);
                        return token;
                    }));
            rig.settle();
            token.fail(new IOException("no token"));
            for (int i = 0; i < 10; i++) {
                other.tick(); // the loop of the connection stands still
            }
            assertThat(made.get().isOpen()).as("only its own loop touches it").isTrue();
            rig.settle();
            assertThat(made.get().isOpen()).isFalse();
            assertThat(connecting.failure()).hasMessageEndingWith("what it needs first has failed: no token");
        }
    }

    @Test
    void a_step_on_another_loop_lets_connecting_go_on_and_fails_with_the_close_of_that() {
        try (var rig = new PoolRig()) {
            Loop other = rig.loops.open();
            Promise<String> token = other.promise();
            Future<Client<String, String>> connecting =
                    rig.loop.connect(rig.address, PoolRig.protocol().first(client -> token));
            rig.settle();
            token.complete("yes");
            both(rig, other);
            assertThat(connecting.result().isOpen()).isTrue();
            rig.onLoop(() -> connecting.result().abort());

            Future<?> pending = rig.loop.connect(rig.address, PoolRig.protocol().first(client -> other.promise()));
            rig.settle();
            closes(rig, other);
            rig.settle();
            assertThat(pending.failure()).hasMessageContaining("what it needs first has failed: ");

            Future<?> late = rig.loop.connect(rig.address, PoolRig.protocol().first(client -> other.promise()));
            rig.settle();
            assertThat(late.failure()).hasMessageContaining("will never be done");
        }
    }

    @Test
    void the_answer_to_a_step_is_released() {
        var answers = new ArrayList<ByteBuf>();
        Codec<ByteBuf, String> codec = Codec.of(
                (in, context) -> {
                    int length = in.bytesBefore((byte) '\n');
                    if (length < 0) {
                        return null;
                    }
                    answers.add(Unpooled.copiedBuffer(
                            in.readString(length + 1, StandardCharsets.UTF_8), StandardCharsets.UTF_8));
                    return answers.getLast();
                },
                (text, out) -> out.writeCharSequence(text + "\n", StandardCharsets.UTF_8));
        var protocol =
                ClientProtocol.<String, ByteBuf>inOrder(Pipeline.of(codec)).first(client -> client.call("hello"));
        try (var rig = new PoolRig().answering()) {
            Future<Client<String, ByteBuf>> connecting = rig.loop.connect(rig.address, protocol);
            rig.settle();
            assertThat(connecting.result().isOpen()).isTrue();
            assertThat(answers)
                    .singleElement()
                    .satisfies(each -> assertThat(each.refCnt()).isZero());
            rig.onLoop(() -> connecting.result().abort());
        }
    }

    @Test
    void what_the_owner_has_said_about_failures_during_the_step_stays_said() {
        try (var rig = new PoolRig()) {
            var told = new ArrayList<Failure>();
            Future<Client<String, String>> connecting = rig.loop.connect(
                    rig.address, PoolRig.protocol().first(client -> rig.loop.done(client.onFailure(told::add))));
            rig.settle();
            assertThat(connecting.isDone()).isTrue();
            rig.lastPeer().aborts();
            assertThat(told).hasSize(1);

            Future<Client<String, String>> silent =
                    rig.loop.connect(rig.address, PoolRig.protocol().first(client -> rig.loop.done("yes")));
            rig.settle();
            assertThat(silent.isDone()).isTrue();
            rig.lastPeer().aborts();
            assertThat(rig.loops.reporter().take(Report.ConnectionFailed.class)).hasSize(1);
        }
    }
}
