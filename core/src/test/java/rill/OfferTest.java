package rill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.InterruptedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import rill.spi.Environment;
import rill.testing.Loops;
import rill.testing.TextLines;

/** Which waiter takes a value, and when the value goes back. */
class OfferTest {
    private final Loops loops = Loops.manual();
    private final Loop loop = loops.open();
    private final List<String> returned = new ArrayList<>();
    private final List<String> log = new ArrayList<>();
    private final Promise<String> offer = new Offer<>(loop, returned::add);

    @AfterEach
    void close() {
        loops.close();
    }

    @Test
    void whoever_sees_it_has_taken_it() {
        List<Consumer<Future<String>>> ways = List.of(
                each -> each.onDone((value, failure) -> log.add(value)),
                each -> each.map(log::add),
                each -> each.flatMap(value -> loop.submit(() -> log.add(value))),
                each -> each.timeout(Duration.ofSeconds(1)).onDone((value, failure) -> log.add(value)),
                each -> loop.task(() -> log.add(each.await())),
                each -> log.add(loops.settle(each)),
                each -> each.toCompletableFuture().thenAccept(log::add),
                each -> Future.all(each).onDone((values, failure) -> log.add(values.getFirst())));
        for (Consumer<Future<String>> way : ways) {
            log.clear();
            Promise<String> each = new Offer<>(loop, returned::add);
            loop.schedule(() -> each.complete("value"));
            way.accept(each);
            loops.tickUntil(() -> !log.isEmpty());
            each.map(value -> value).cancel();
            loop.tick();
            loop.tick();

            assertThat(log).containsExactly("value");
            assertThat(returned).isEmpty();
        }
    }

    @Test
    void one_that_anybody_makes_goes_back_and_stops_what_it_stands_for() {
        Promise<String> taken = loop.promise(returned::add, () -> log.add("stopped"));
        taken.onDone((value, failure) -> log.add(value));
        taken.complete("value");
        loops.tickUntil(() -> !log.isEmpty());
        assertThat(log).containsExactly("value");
        Promise<String> late = loop.promise(returned::add, () -> log.add("stopped"));
        Future<String> wanted = late.map(value -> value);
        late.complete("too late");
        wanted.cancel();
        loop.tick();
        assertThat(returned).containsExactly("too late");
        loop.<String>promise(returned::add, () -> log.add("stopped"))
                .map(value -> value)
                .cancel();
        loops.tickUntil(() -> log.size() > 1);
        assertThat(log).containsExactly("value", "stopped");
        assertThat(returned).hasSize(1);
    }

    @Test
    void it_goes_back_once_and_counts_as_cancelled_afterwards() {
        Future<String> one = offer.map(value -> value);
        Future<String> two = offer.timeout(Duration.ofSeconds(1));
        offer.complete("value");
        one.cancel();
        assertThat(returned).isEmpty();
        two.cancel();
        loop.tick();

        assertThat(returned).containsExactly("value");
        assertThat(offer.isDone()).isTrue();
        assertThat(offer.isCancelled()).isTrue();
        assertThat(offer.failure()).isInstanceOf(CancelledException.class);
        assertThat(offer.cancel()).isFalse();
        assertThatThrownBy(offer::result).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(offer::await).isInstanceOf(CancelledException.class).hasMessageContaining("gone back");
        Future<String> late = offer.recover(failure -> "recovered");
        offer.onDone((value, failure) -> log.add(value + " " + (failure instanceof CancelledException)));
        assertThat(loops.settle(late)).isEqualTo("recovered");
        assertThat(log).containsExactly("null true");
        assertThat(returned).containsExactly("value");
    }

    @Test
    void a_null_is_nothing_that_could_get_lost() {
        Future<String> only = offer.map(value -> value);
        offer.complete(null);
        only.cancel();
        loop.tick();

        assertThat(returned).isEmpty();
        assertThat(offer.result()).isNull();
    }

    @Test
    void a_copy_takes_nothing_from_whoever_has_the_original() {
        Future<String> copy = offer.copy();
        Future<String> another = offer.copy();
        offer.complete("value");
        copy.cancel();
        loop.tick();
        another.timeout(Duration.ofSeconds(1)).cancel();
        offer.copy().cancel();
        loop.tick();
        loop.tick();

        assertThat(returned).isEmpty();
        assertThat(offer.result()).isEqualTo("value");
    }

    @Test
    void what_a_copy_has_seen_is_taken() {
        offer.copy().onDone((value, failure) -> log.add(value));
        Future<String> other = offer.timeout(Duration.ofSeconds(1));
        offer.complete("value");
        other.cancel();
        loop.tick();

        assertThat(log).containsExactly("value");
        assertThat(returned).isEmpty();
    }

    @Test
    void a_value_given_up_on_another_thread_goes_back_on_the_loop() throws Exception {
        var where = new AtomicReference<Loop>();
        Promise<String> each = new Offer<>(loop, value -> where.set(Loop.current()));
        Future<String> only = each.map(value -> value);
        each.complete("value");
        Outside.start(only::cancel).result();
        assertThat(where.get()).isNull();
        loop.tick();

        assertThat(where.get()).isSameAs(loop);
    }

    @Test
    void one_of_a_loop_that_has_closed_goes_back_all_the_same() {
        Future<String> only = offer.map(value -> log.add("wrong") ? value : value);
        loop.close();
        offer.complete("value");

        assertThat(only.isCancelled()).isTrue();
        assertThat(returned).containsExactly("value");
        assertThat(log).isEmpty();
    }

    @Test
    void what_takes_it_back_may_throw_and_that_is_reported() {
        var failure = new IllegalStateException("on purpose");
        Promise<String> each = new Offer<>(loop, value -> {
            throw failure;
        });
        Future<String> only = each.map(value -> value);
        each.complete("value");
        only.cancel();
        loop.tick();

        assertThat(loops.reporter().take(Report.Thrown.class))
                .singleElement()
                .satisfies(report -> assertThat(report.cause()).isSameAs(failure));
    }

    /** Comes late, and another one just before it. */
    private final class Overtaken implements Dependent {
        private final String name;
        private @Nullable Overtaken before;

        Overtaken(String name, @Nullable Overtaken before) {
            this.name = name;
            this.before = before;
        }

        @Override
        public boolean owns() { // asked for before it is added
            Overtaken first = before;
            before = null;
            if (first != null) {
                offer.addDependent(first);
            }
            return true;
        }

        @Override
        public void settled(Future<?> source) {
            log.add(name);
        }

        @Override
        public Loop home() {
            return loop;
        }
    }

    @Test
    void of_two_who_come_at_once_for_a_value_that_was_kept_both_are_told() {
        offer.complete("value");
        loop.tick();

        offer.addDependent(new Overtaken("second", new Overtaken("first", null)));
        loop.tick();

        assertThat(log).containsExactly("first", "second");
    }

    @Test
    void a_function_that_cancels_its_own_future_and_hands_the_value_on_gives_it_back() {
        var self = new AtomicReference<Future<String>>();
        self.set(offer.map(value -> {
            self.get().cancel();
            return value;
        }));
        offer.complete("value");
        loop.tick();

        assertThat(self.get().isCancelled()).isTrue();
        assertThat(returned).containsExactly("value");
    }

    @Test
    void a_function_that_cancels_its_own_future_has_no_use_for_the_one_that_it_gives() {
        Promise<String> done = new Offer<>(loop, returned::add);
        done.complete("value");
        Promise<String> pending = loop.promise();
        for (Promise<String> inner : List.of(done, pending)) {
            var self = new AtomicReference<Future<String>>();
            self.set(loop.submit(() -> 1).flatMap(one -> {
                self.get().cancel();
                return inner;
            }));
            loop.tick();
            loop.tick();
            assertThat(inner.isCancelled()).isTrue();
        }
        assertThat(returned).containsExactly("value");
    }

    @Test
    @Tag("slow")
    void a_thread_that_is_interrupted_as_it_comes_gets_it_or_it_goes_back() throws Exception {
        long seed = new java.security.SecureRandom().nextLong();
        loop.start();
        var back = new AtomicInteger();
        for (int i = 0; i < 3_000; i++) {
            var random = new Random(seed + i);
            Promise<String> each = new Offer<>(loop, value -> back.incrementAndGet());
            var waiter = Outside.start(() -> {
                try {
                    return each.await();
                } catch (InterruptedIOException e) {
                    return "interrupted";
                }
            });
            for (int spin = random.nextInt(2_000); spin > 0; spin--) {
                Thread.onSpinWait();
            }
            boolean first = random.nextBoolean();
            if (first) {
                waiter.thread().interrupt();
            }
            boolean completed = each.complete("value");
            if (!first) {
                waiter.thread().interrupt();
            }
            boolean got = waiter.result().equals("value");
            int expected = completed && !got ? 1 : 0;
            Await.until("it is back, seed " + seed + ", round " + i, () -> back.get() == expected);
            back.set(0);
        }
    }

    @Test
    @Tag("slow")
    void a_stage_that_is_cancelled_as_it_comes_gives_it_or_it_goes_back() throws Exception {
        long seed = new java.security.SecureRandom().nextLong();
        for (int i = 0; i < 2_000; i++) {
            var random = new Random(seed + i);
            var back = new AtomicInteger();
            Promise<String> each = new Offer<>(loop, value -> back.incrementAndGet());
            CompletableFuture<String> stage = each.toCompletableFuture();
            each.complete("value");
            int spins = random.nextInt(400);
            var begun = new AtomicBoolean();
            var canceller = Outside.start(() -> {
                begun.set(true);
                for (int spin = spins; spin > 0; spin--) {
                    Thread.onSpinWait();
                }
                return stage.cancel(false);
            });
            while (!begun.get()) {
                Thread.onSpinWait();
            }
            loop.tick();
            boolean cancelled = canceller.result();
            loop.tick();
            loop.tick();
            assertThat(back.get()).as("back, seed %d, round %d", seed, i).isEqualTo(cancelled ? 1 : 0);
        }
    }

    @Test
    void nobody_else_may_say_what_stops_its_work() {
        assertThatThrownBy(() -> offer.onCancel(() -> {})).isInstanceOf(IllegalStateException.class);
    }

    @Test
    @Tag("slow")
    void a_thread_outside_gets_what_came_however_they_fall_together() throws Exception {
        long seed = new java.security.SecureRandom().nextLong();
        loop.start();
        for (int i = 0; i < 3_000; i++) {
            var random = new Random(seed + i);
            Promise<String> each = new Offer<>(loop, returned::add);
            var other = Outside.start(() -> {
                for (int spin = random.nextInt(300); spin > 0; spin--) {
                    Thread.onSpinWait();
                }
                return each.complete("value");
            });
            assertThat(each.await()).as("seed %d, round %d", seed, i).isEqualTo("value");
            other.result();
        }
        assertThat(returned).isEmpty();
    }

    @Test
    void a_look_up_that_two_connects_share_is_not_cancelled_by_one() {
        var real = Environment.production();
        Loops shared = Loops.manual();
        Promise<List<InetAddress>> answer = loop.promise();
        shared.transport()
                .environment(new Environment(
                        shared.clock(), new Random(1), (into, name) -> answer, real.blocking(), real.memory(), null));
        Loop dialing = shared.open();
        var unresolved = InetSocketAddress.createUnresolved("somewhere", 1);
        Future<?> one = dialing.connect(unresolved, TextLines.pipeline());
        Future<?> two = dialing.connect(unresolved, TextLines.pipeline());
        dialing.tick();
        one.cancel();
        dialing.tick();
        assertThat(answer.isDone()).isFalse();
        two.cancel();
        dialing.tick();

        assertThat(answer.isCancelled()).isTrue();
        shared.close();
    }

    @Test
    void it_goes_back_once_the_last_of_several_claims_is_dropped_and_not_before() {
        for (int claims = 1; claims < 5; claims++) {
            returned.clear();
            var each = new Offer<String>(loop, returned::add);
            each.complete("value");
            loop.tick();
            for (int i = 1; i < claims; i++) {
                assertThat(each.claim()).isTrue();
            }
            for (int i = 1; i < claims; i++) {
                each.drop();
                assertThat(each.gone())
                        .as("%d of %d claims are dropped", i, claims)
                        .isFalse();
            }
            each.drop();
            assertThat(each.gone()).isTrue();
            each.drop();
            loop.tick();
            assertThat(returned).containsExactly("value");
            assertThat(each.claim()).isFalse();
            assertThat(each.take()).isFalse();
        }
    }

    @Test
    void whoever_takes_it_ends_all_other_claims() {
        var each = new Offer<String>(loop, returned::add);
        each.complete("value");
        assertThat(each.claim()).isTrue();
        assertThat(each.take()).isTrue();
        each.drop();
        each.drop();
        loop.tick();
        assertThat(each.gone()).isFalse();
        assertThat(each.claim()).isTrue();
        assertThat(returned).isEmpty();
    }
}
