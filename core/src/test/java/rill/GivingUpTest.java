package rill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.InterruptedIOException;
import java.lang.management.ManagementFactory;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import rill.testing.Loops;
import rill.testing.TextLines;

/** Giving up the only interest in a Future cancels it. The cost does not depend on how many interests there are, and nothing is left behind. */
class GivingUpTest {
    private static final InetSocketAddress ANY = new InetSocketAddress("127.0.0.1", 0);
    private static final int MANY = 4_000;
    private static final Duration LATER = Duration.ofSeconds(1);

    private final Loops loops = Loops.manual();
    private final Loop loop = loops.open();
    private final Promise<Integer> shared = loop.promise();
    private final List<Promise<String>> answers = new ArrayList<>(); // owed by a server
    private final List<String> log = new ArrayList<>();

    @AfterEach
    void close() {
        loops.close();
    }

    private static void settleAll(Loops loops, int ticks) {
        int[] left = {ticks};
        loops.tickUntil(() -> left[0]-- == 0);
    }

    // ---- what wraps a call

    private Client<String, String> connect() {
        Listener server = loops.settle(loop.serve(ANY, TextLines.pipeline(), question -> {
            Promise<String> answer = loop.promise();
            answers.add(answer);
            return answer;
        }));
        return loops.settle(loop.connect(server.address(), ClientProtocol.inOrder(TextLines.pipeline())));
    }

    interface Wrapping {
        Future<?> around(Future<String> call, Loop loop);
    }

    static Stream<Arguments> wrappings() {
        return Stream.of(
                wrapping("a Task", (call, loop) -> loop.task(call::await)),
                wrapping("a timeout", (call, loop) -> call.timeout(Duration.ofHours(1))),
                wrapping("any", (call, loop) -> Future.any(call, loop.promise())),
                wrapping("all", (call, loop) -> Future.all(call, loop.promise())),
                wrapping("map", (call, loop) -> call.map(String::length)),
                wrapping("map of map", (call, loop) -> call.map(String::length).map(n -> n + 1)),
                wrapping("recover", (call, loop) -> call.recover(failure -> "")));
    }

    private static Arguments wrapping(String name, Wrapping wrapping) {
        return Arguments.of(name, wrapping);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("wrappings")
    void a_call_with_a_deadline_of_its_own_is_cancelled_with_what_is_around_it(String name, Wrapping wrapping) {
        Client<String, String> client = connect();
        Future<String> call = client.call("question", Duration.ofHours(1));
        Future<?> around = wrapping.around(call, loop);
        settleAll(loops, 5);

        around.cancel();
        settleAll(loops, 5);

        assertThat(around.isCancelled()).isTrue();
        assertThat(call.isCancelled()).as("the call within %s", name).isTrue();
        answers.forEach(answer -> answer.complete("too late"));
        client.close();
        loops.settle(client.closed());
        assertThat(loop.nextTimer()).as("the timer of the call").isEmpty();
    }

    @Test
    void a_call_with_a_deadline_of_its_own_that_fails_unseen_is_reported() {
        Client<String, String> client = connect();
        Future<String> call = client.call("question", LATER);
        settleAll(loops, 5);
        loops.clock().advance(LATER);
        loops.tickUntil(call::isDone);
        answers.forEach(answer -> answer.complete("too late"));
        client.close();
        loops.settle(client.closed());

        loop.close();

        assertThat(loops.reporter().take(Report.Unobserved.class))
                .singleElement()
                .satisfies(report -> assertThat(report.cause()).hasCauseInstanceOf(DeadlineException.class));
    }

    // ---- many at one Future

    static Stream<Arguments> interests() {
        return Stream.of(
                Arguments.of("timeout", (Function<Future<Integer>, Future<?>>) each -> each.timeout(LATER)),
                Arguments.of("map", (Function<Future<Integer>, Future<?>>) each -> each.map(value -> value)),
                Arguments.of(
                        "any", (Function<Future<Integer>, Future<?>>) each -> Future.any(each, each.loop.promise())),
                Arguments.of("Task", (Function<Future<Integer>, Future<?>>) each -> each.loop.task(each::await)));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("interests")
    void giving_up_one_of_many_costs_the_same_however_many_there_are(
            String name, Function<Future<Integer>, Future<?>> interest) {
        shared.onDone((value, failure) -> log.add("told"));
        double few = bytesToGiveUp(100, interest);
        few = Math.min(few, bytesToGiveUp(100, interest));
        double many = bytesToGiveUp(MANY, interest);

        assertThat(many)
                .as("bytes for each of %d, given %s for each of 100", MANY, few)
                .isLessThan(4 * few + 500);
        assertThat(shared.isDone()).isFalse();
        shared.complete(1);
        loop.tick();
        assertThat(log).containsExactly("told");
    }

    /** Allocated memory shows what is copied for each one; time would depend on the machine. */
    private double bytesToGiveUp(int n, Function<Future<Integer>, Future<?>> interest) {
        var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        var given = new ArrayList<Future<?>>();
        for (int i = 0; i < n; i++) {
            given.add(interest.apply(shared));
        }
        settleAll(loops, 3);
        long before = threads.getCurrentThreadAllocatedBytes();
        given.forEach(Future::cancel);
        settleAll(loops, 3);
        long after = threads.getCurrentThreadAllocatedBytes();
        assertThat(given).allMatch(Future::isCancelled);
        return (double) (after - before) / n;
    }

    @Test
    void many_timeouts_that_expire_cost_the_same_each() {
        shared.onDone((value, failure) -> log.add("told"));
        double few = bytesToExpire(100);
        few = Math.min(few, bytesToExpire(100));
        assertThat(bytesToExpire(MANY)).as("given %s for each of 100", few).isLessThan(4 * few + 500);
        assertThat(loop.nextTimer()).isEmpty();
    }

    private double bytesToExpire(int n) {
        var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        var limited = new ArrayList<Future<?>>();
        for (int i = 0; i < n; i++) {
            limited.add(shared.timeout(LATER));
        }
        settleAll(loops, 2);
        loops.clock().advance(LATER);
        long before = threads.getCurrentThreadAllocatedBytes();
        loops.tickUntil(() -> limited.getLast().isDone());
        long after = threads.getCurrentThreadAllocatedBytes();
        assertThat(limited).extracting(Future::failure).hasOnlyElementsOfType(DeadlineException.class);
        return (double) (after - before) / n;
    }

    @Test
    void the_last_of_many_cancels() {
        var given = new ArrayList<Future<?>>();
        for (int i = 0; i < MANY; i++) {
            given.add(shared.map(value -> value));
        }
        for (Future<?> each : given.subList(1, MANY)) {
            each.cancel();
            assertThat(shared.isDone()).isFalse();
        }
        given.getFirst().cancel();

        assertThat(shared.isCancelled()).isTrue();
    }

    @Test
    void what_only_stands_by_is_no_reason_to_go_on_however_many_wait() {
        for (int n : new int[] {1, 2, 7, 8, 9, 20}) {
            Promise<Integer> promise = loop.promise();
            promise.addDependent(new StandsBy());
            var waiting = new ArrayList<Future<Integer>>();
            for (int i = 0; i < n; i++) {
                waiting.add(promise.map(value -> value));
            }
            promise.addDependent(new StandsBy());
            log.clear();
            waiting.forEach(Future::cancel);
            assertThat(promise.isCancelled()).as("after %d", n).isTrue();
            loop.tick();
            assertThat(log).containsExactly("told", "told");
        }
    }

    private final class StandsBy implements Bystander {
        @Override
        public void settled(Future<?> source) {
            log.add("told");
        }

        @Override
        public Loop home() {
            return loop;
        }
    }

    @Test
    void the_order_of_telling_stays_whoever_gives_up_in_between() {
        var expected = new ArrayList<String>();
        var others = new ArrayList<Future<?>>();
        for (int i = 0; i < 100; i++) {
            String name = "callback " + i;
            expected.add(name);
            shared.onDone((value, failure) -> log.add(name));
            others.add(shared.map(value -> log.add("wrong")));
            if (i % 3 == 2) {
                others.forEach(Future::cancel);
            }
        }
        others.forEach(Future::cancel);
        shared.complete(1);
        loop.tick();

        assertThat(log).isEqualTo(expected);
    }

    @Test
    void the_same_callback_twice_is_told_twice_and_a_future_may_be_a_part_twice() {
        for (int rest = 0; rest < 20; rest++) {
            Promise<Integer> promise = loop.promise();
            for (int i = 0; i < rest; i++) {
                promise.onDone((value, failure) -> {});
            }
            int[] told = {0};
            BiConsumer<Integer, Throwable> twice = (value, failure) -> told[0]++;
            promise.onDone(twice).onDone(twice);
            Future.all(promise, promise).cancel();
            assertThat(promise.isDone()).isFalse();
            promise.complete(1);
            loop.tick();
            assertThat(told[0]).isEqualTo(2);
        }
    }

    @Test
    void of_a_part_that_is_there_twice_each_interest_counts() {
        for (int rest = 0; rest < 20; rest++) {
            Promise<Integer> promise = loop.promise();
            var others = new ArrayList<Future<?>>();
            for (int i = 0; i < rest; i++) {
                others.add(promise.map(value -> value));
            }
            Future<?> pair = Future.any(promise, promise, promise);
            others.forEach(Future::cancel);
            assertThat(promise.isDone()).isFalse();
            pair.cancel();
            assertThat(promise.isCancelled()).isTrue();
        }
    }

    // ---- timeouts from outside

    @Test
    @Tag("slow")
    void a_timeout_of_nothing_from_another_thread_cancels_its_source() {
        loop.start();
        for (int i = 0; i < 20_000; i++) {
            Promise<Integer> promise = loop.promise();
            Future<Integer> limited = promise.timeout(Duration.ZERO);
            assertThatThrownBy(limited::await).isInstanceOf(DeadlineException.class);
            Await.until("its source is cancelled, in round " + i, promise::isCancelled);
        }
    }

    // ---- stages

    @Test
    void a_stage_that_is_cancelled_spares_what_somebody_else_waits_for() {
        CompletableFuture<Integer> stage = shared.toCompletableFuture();
        Future<Integer> other = shared.map(value -> value + 1);

        stage.cancel(true);
        assertThat(shared.isDone()).isFalse();
        other.cancel();

        assertThat(shared.isCancelled()).isTrue();
    }

    @Test
    void a_stage_that_somebody_else_completes_needs_its_future_no_more() {
        CompletableFuture<Integer> stage = shared.toCompletableFuture();

        stage.complete(7);

        assertThat(shared.isCancelled()).isTrue();
    }

    // ---- an await outside

    @Test
    void an_await_outside_that_is_interrupted_gives_up_what_nobody_else_waits_for() throws Exception {
        loop.start();
        Promise<Integer> mine = loop.promise();
        Promise<Integer> ours = loop.promise();
        Future<Integer> other = ours.map(value -> value);
        for (Promise<Integer> promise : List.of(mine, ours)) {
            var waiter = Outside.start(promise::await);
            Await.until("it waits", waiter::waits);

            waiter.thread().interrupt();

            assertThat(waiter.failure()).isInstanceOf(InterruptedIOException.class);
        }
        assertThat(mine.isCancelled()).isTrue();
        assertThat(ours.isDone()).isFalse();
        assertThat(other.isDone()).isFalse();
    }
}
