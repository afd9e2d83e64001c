package rill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import rill.spi.Drivable;
import rill.spi.Driver;
import rill.spi.Environment;
import rill.spi.WaitingTask;
import rill.testing.ManualClock;
import rill.testing.MemoryTransport;
import rill.testing.TextLines;

/** Loops that a Driver drives by ticks, in a time of its own. */
class DriverTest {
    private final ManualClock clock = new ManualClock();
    private final Ticking driver = new Ticking();

    /** Ticks its loops in turn; when none has work, advances time to the next timer. */
    private final class Ticking implements Driver {
        final List<Drivable> loops = new ArrayList<>();
        final List<String> heard = new ArrayList<>();
        final List<String> violations = new ArrayList<>();
        RuntimeException refusal;
        boolean expectsEnd;

        @Override
        public boolean expectsEnd() {
            return expectsEnd;
        }

        @Override
        public void drive(Drivable loop, BooleanSupplier done) {
            while (!done.getAsBoolean()) {
                boolean busy = false;
                for (Drivable each : loops) {
                    busy |= !each.isClosed() && each.tick();
                }
                if (!busy && !done.getAsBoolean()) {
                    long next = loops.stream()
                            .filter(each -> !each.isClosed() && each.nextTimer().isPresent())
                            .mapToLong(each -> each.nextTimer().getAsLong() - each.nanoTime())
                            .min()
                            .orElse(0);
                    clock.advance(Duration.ofNanos(next));
                }
            }
        }

        @Override
        public void opened(Drivable loop) {
            loops.add(loop);
        }

        @Override
        public void handingOver(Drivable loop) {
            if (refusal != null) {
                throw refusal;
            }
        }

        @Override
        public void due(Drivable loop, String timer) {
            heard.add(timer);
        }

        @Override
        public void settled(Drivable loop, Object future, boolean cancelled) {
            heard.add(future.toString());
        }

        @Override
        public void violated(Drivable loop, String connection, IOException violation) {
            violations.add(violation.getMessage());
        }

        @Override
        public void blocked(Drivable loop, Thread body) {
            throw new IllegalStateException(body.getName() + " blocks");
        }
    }

    private Loop open(TaskEngine engine, String name) throws IOException {
        var real = Environment.production();
        var environment =
                new Environment(clock, new Random(1), real.resolver(), real.blocking(), real.memory(), driver);
        var transport = new MemoryTransport().environment(environment);
        return Loop.open(LoopOptions.defaults()
                .transport(transport)
                .name(name)
                .slowHandle(Duration.ZERO)
                .taskEngine(engine));
    }

    @ParameterizedTest
    @EnumSource
    void run_lets_the_driver_drive_all_its_loops(TaskEngine engine) throws IOException {
        try (Loop one = open(engine, "one");
                Loop other = open(engine, "other")) {
            assertThat(driver.loops).containsExactly(one, other);
            int answer = one.run(() -> other.submit(() -> 42).await());
            assertThat(answer).isEqualTo(42);
        }
    }

    @Test
    void the_next_timer_says_until_when_nothing_needs_to_be_done() throws IOException {
        try (Loop loop = open(TaskEngine.HANDED_OVER, "one")) {
            assertThat(loop.nextTimer()).isEmpty();
            long now = loop.nanoTime();
            Handle timer = loop.schedule(Duration.ofHours(1), "far ahead", () -> {});
            loop.tick();
            assertThat(loop.nextTimer()).hasValue(now + Duration.ofHours(1).toNanos());
            timer.cancel();
            loop.tick();
            assertThat(loop.nextTimer()).isEmpty();
        }
    }

    @Test
    void what_is_alive_is_named() throws IOException {
        try (Loop loop = open(TaskEngine.HANDED_OVER, "one")) {
            Promise<String> promise = loop.promise();
            Task<String> task = loop.task("waiter", promise::await);
            loop.tick();
            assertThat(loop.alive()).containsExactly("Task waiter (awaiting a Promise of one)");
            promise.complete("done");
            task.await();
            assertThat(loop.alive()).isEmpty();
        }
    }

    @Test
    void it_sees_what_tasks_wait_for_in_the_end() throws IOException {
        try (Loop loop = open(TaskEngine.HANDED_OVER, "one")) {
            Promise<Integer> promise = loop.promise();
            Task<Integer> inner =
                    loop.task("inner", () -> promise.map(n -> n + 1).await());
            Task<?> outer =
                    loop.task("outer", () -> Future.all(inner, loop.done(1)).await());
            loop.tick();
            loop.tick();
            WaitingTask waiting = waiting(loop, "outer");
            assertThat(waiting.task()).isSameAs(outer);
            assertThat(waiting.sources()).hasSize(1).first().isSameAs(promise);
            assertThat(waiting.rightly()).isFalse();
            assertThat(waiting.circle()).isFalse();
            promise.complete(1);
            outer.await();
            assertThat(loop.waitingTasks()).isEmpty();
        }
    }

    @Test
    void whoever_waits_for_a_time_does_so_rightly() throws IOException {
        try (Loop loop = open(TaskEngine.HANDED_OVER, "one")) {
            loop.task("sleeper", () -> loop.delay(Duration.ofDays(1)).await());
            loop.task(
                    "patient", () -> loop.promise().timeout(Duration.ofDays(1)).await());
            loop.task("hopeless", () -> loop.promise().await());
            loop.tick();
            loop.tick();
            assertThat(waiting(loop, "sleeper").rightly()).isTrue();
            assertThat(waiting(loop, "patient").rightly()).isTrue();
            assertThat(waiting(loop, "hopeless").rightly()).isFalse();
        }
    }

    @Test
    void tasks_that_wait_for_one_another_are_a_circle_unless_one_has_a_choice() throws IOException {
        try (Loop loop = open(TaskEngine.HANDED_OVER, "one")) {
            List<Future<?>> tasks = new ArrayList<>();
            tasks.add(loop.task("left", () -> tasks.get(1).await()));
            tasks.add(loop.task("right", () -> tasks.get(0).await()));
            tasks.add(loop.task(
                    "free",
                    () -> Future.any(tasks.get(2).copy(), loop.promise()).await()));
            loop.tick();
            loop.tick();
            assertThat(waiting(loop, "left").circle()).isTrue();
            assertThat(waiting(loop, "right").circle()).isTrue();
            assertThat(waiting(loop, "free").circle()).isFalse();
        }
    }

    @Test
    void it_says_which_tasks_have_to_end_and_those_that_they_start_are_like_them() throws IOException {
        try (Loop loop = open(TaskEngine.HANDED_OVER, "one")) {
            loop.task("service", () -> {
                loop.task("its own", () -> loop.promise().await());
                loop.promise().await();
            });
            driver.expectsEnd = true;
            loop.task("test", () -> {
                loop.task("another's", () -> loop.promise().await());
                loop.promise().await();
            });
            loop.submit(() -> loop.task("a callback's", () -> loop.promise().await()));
            for (int i = 0; i < 5; i++) {
                loop.tick();
            }
            assertThat(loop.waitingTasks().stream().filter(WaitingTask::toEnd).map(WaitingTask::name))
                    .containsExactlyInAnyOrder("test", "another's");
            assertThat(loop.waitingTasks()).hasSize(5);
        }
    }

    private static WaitingTask waiting(Loop loop, String name) {
        return loop.waitingTasks().stream()
                .filter(each -> each.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void it_hears_of_timers_and_of_settled_futures() throws IOException {
        try (Loop loop = open(TaskEngine.HANDED_OVER, "one")) {
            Promise<String> promise = loop.promise();
            promise.onDone((value, failure) -> {});
            loop.schedule(Duration.ofHours(1), "an hour later", () -> promise.complete("done"));
            promise.await();
            loop.tick();
            assertThat(driver.heard).containsExactly("an hour later", promise.toString());
        }
    }

    @Test
    void it_hears_that_a_peer_broke_the_protocol_but_not_that_its_stream_ended_too_early() throws IOException {
        try (Loop loop = open(TaskEngine.HANDED_OVER, "one")) {
            Listener listener = loop.listen(
                            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                            TextLines.pipeline(),
                            connection -> connection.onFailure(failure -> {}).onMessage(line -> {}))
                    .await();
            for (String sent : List.of("no whole line", "a zero: \0\n")) {
                assertThat(driver.violations).isEmpty();
                Connection<ByteBuf, ByteBuf> client =
                        loop.connect(listener.address(), Pipeline.bytes()).await();
                client.onMessage(ByteBuf::release);
                client.write(Unpooled.copiedBuffer(sent, StandardCharsets.US_ASCII));
                client.finish().await();
            }
            assertThat(driver.violations).hasSize(1);
        }
    }

    @Test
    void what_it_refuses_is_not_queued() throws IOException {
        try (Loop loop = open(TaskEngine.HANDED_OVER, "one")) {
            driver.refusal = new IllegalStateException("not from here");
            assertThatThrownBy(() -> loop.schedule("work", () -> {})).isSameAs(driver.refusal);
            driver.refusal = null;
            assertThat(loop.tick()).isFalse();
        }
    }

    @Test
    void no_thread_of_its_own_may_drive() throws IOException {
        try (Loop loop = open(TaskEngine.HANDED_OVER, "one")) {
            assertThatThrownBy(loop::start)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("one is driven by");
        }
    }

    @ParameterizedTest
    @EnumSource
    void a_body_that_blocks_can_be_given_up(TaskEngine engine) throws IOException {
        var never = new CountDownLatch(1);
        try (Loop loop = open(engine, "one")) {
            Task<?> task = loop.task("sleeper", () -> {
                never.await();
                return null;
            });
            assertThatThrownBy(task::await)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("one/sleeper blocks");
        } finally {
            never.countDown();
        }
    }
}
