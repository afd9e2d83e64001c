package rill;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import rill.spi.Environment;
import rill.testing.Loops;
import rill.testing.TextLines;

/** What a resolver may do to a connection attempt, and one look-up to another. */
class DialerTest {
    private static final InetSocketAddress NAME = InetSocketAddress.createUnresolved("some.name", 80);

    private final Loops loops = Loops.manual();

    @AfterEach
    void close() {
        loops.close();
    }

    /** On a clock that stands still, so that no time limit helps. */
    private Throwable failureWith(Resolver resolver) {
        var real = Environment.production();
        loops.transport()
                .environment(
                        new Environment(loops.clock(), new Random(1), resolver, real.blocking(), real.memory(), null));
        Loop loop = loops.open();
        Throwable failure = loops.failureOf(loop.connect(NAME, TextLines.pipeline()));
        assertThat(loops.settle(loop.submit(() -> "goes on"))).isEqualTo("goes on");
        return failure;
    }

    @Test
    void a_resolver_that_throws_an_error_fails_the_connection_at_once_with_it() {
        var error = new LinkageError("on purpose");
        assertThat(failureWith((loop, name) -> {
                    throw error;
                }))
                .isSameAs(error);
    }

    @Test
    void a_resolver_whose_future_fails_with_an_error_fails_the_connection_at_once_with_it() {
        var error = new LinkageError("on purpose");
        assertThat(failureWith((loop, name) -> {
                    Promise<List<InetAddress>> promise = loop.promise();
                    promise.fail(error);
                    return promise;
                }))
                .isSameAs(error);
    }

    @Test
    void a_resolver_that_gives_nothing_or_nonsense_fails_the_connection_at_once() {
        assertThat(failureWith((loop, name) -> null)).isInstanceOf(NullPointerException.class);
        assertThat(failureWith((loop, name) -> Future.of(Arrays.asList(new InetAddress[1]))))
                .isInstanceOf(NullPointerException.class)
                .hasMessageContaining("resolver");
    }

    @Test
    void a_name_that_the_jdk_fails_to_look_up_with_an_error_fails_the_connection_at_once_with_it() {
        var error = new ExceptionInInitializerError("on purpose");
        Throwable failure = failureWith(new SystemResolver(name -> {
            throw error;
        }));
        assertThat(failure).isSameAs(error);
    }

    private static InetAddress[] here() {
        return new InetAddress[] {InetAddress.getLoopbackAddress()};
    }

    @Test
    void names_that_hang_hold_up_no_others() throws Exception {
        var never = new CountDownLatch(1);
        var resolver = new SystemResolver(name -> {
            if (name.startsWith("hangs")) {
                Await.latchUninterruptibly(never);
            }
            return here();
        });
        Loop loop = loops.open();
        var hanging = new ArrayList<Future<List<InetAddress>>>();
        for (int i = 0; i < 40; i++) {
            hanging.add(resolver.resolve(loop, "hangs-" + i));
        }
        assertThat(loops.settle(resolver.resolve(loop, "answers"))).hasSize(1);
        assertThat(hanging).noneMatch(Future::isDone);
        never.countDown();
        hanging.forEach(loops::settle);
    }

    @Test
    void a_name_that_many_ask_for_is_looked_up_once_at_a_time() {
        var goOn = new CountDownLatch(1);
        var lookUps = new AtomicInteger();
        var resolver = new SystemResolver(name -> {
            lookUps.incrementAndGet();
            Await.latchUninterruptibly(goOn);
            throw new UnknownHostException(name);
        });
        Loop loop = loops.open();
        var asked = new ArrayList<Future<List<InetAddress>>>();
        for (int i = 0; i < 1_000; i++) {
            asked.add(resolver.resolve(loop, "popular"));
        }
        asked.getFirst().cancel();
        goOn.countDown();

        for (Future<?> each : asked.subList(1, asked.size())) {
            assertThat(loops.failureOf(each))
                    .isInstanceOf(UnknownHostException.class)
                    .hasMessage("unknown host: popular");
        }
        assertThat(lookUps).hasValue(1);
        loops.failureOf(resolver.resolve(loop, "popular"));
        assertThat(lookUps).hasValue(2);
    }

    @Test
    void look_ups_that_were_given_up_while_they_waited_are_forgotten() {
        var goOn = new CountDownLatch(1);
        var names = java.util.Collections.synchronizedList(new ArrayList<String>());
        var resolver = new SystemResolver(name -> {
            names.add(name);
            Await.latchUninterruptibly(goOn);
            return here();
        });
        Loop loop = loops.open();
        var hanging = new ArrayList<Future<List<InetAddress>>>();
        for (int i = 0; i < SystemResolver.THREADS; i++) {
            hanging.add(resolver.resolve(loop, "hangs-" + i));
        }
        Await.until("all threads hang", () -> names.size() == SystemResolver.THREADS);
        for (int i = 0; i < 10_000; i++) {
            resolver.resolve(loop, "given-up-" + i).cancel();
        }
        Future<List<InetAddress>> wanted = resolver.resolve(loop, "wanted");
        loops.tickUntil(() -> resolver.waiting() == 1);
        goOn.countDown();

        assertThat(loops.settle(wanted)).hasSize(1);
        hanging.forEach(loops::settle);
        assertThat(names).hasSize(SystemResolver.THREADS + 1);
    }

    @Test
    void a_thread_of_the_resolver_that_has_ended_makes_room_for_one_other() throws Exception {
        var goOn = new CountDownLatch(1);
        var threads = java.util.concurrent.ConcurrentHashMap.<Thread>newKeySet();
        var resolver = new SystemResolver(name -> {
            threads.add(Thread.currentThread());
            if (name.startsWith("hangs")) {
                Await.latchUninterruptibly(goOn);
            }
            return here();
        });
        Loop loop = loops.open();
        loops.settle(resolver.resolve(loop, "first"));
        Thread first = threads.iterator().next();
        first.interrupt(); // as if it had been idle for long
        first.join();
        threads.clear();

        var hanging = new ArrayList<Future<List<InetAddress>>>();
        for (int i = 0; i < SystemResolver.THREADS + 1; i++) {
            hanging.add(resolver.resolve(loop, "hangs-" + i));
        }
        Await.until("all threads hang", () -> threads.size() >= SystemResolver.THREADS);
        assertThat(resolver.waiting()).isEqualTo(1);
        goOn.countDown();
        hanging.forEach(loops::settle);
        assertThat(threads).hasSize(SystemResolver.THREADS);
    }

    @Test
    void a_connect_that_never_got_to_its_loop_before_that_was_closed_is_cancelled() {
        Loop loop = loops.open();
        Future<Connection<String, String>> late =
                loop.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), 1), TextLines.pipeline());
        loop.closeNow();
        assertThat(late.failure()).isInstanceOf(CancelledException.class).hasMessageContaining(loop.name());
    }

    @Test
    void what_a_resolver_finds_on_another_loop_is_used_on_the_connections_own() {
        Loop other = loops.open();
        Promise<List<InetAddress>> found = other.promise();
        var real = Environment.production();
        loops.transport()
                .environment(new Environment(
                        loops.clock(), new Random(1), (loop, name) -> found, real.blocking(), real.memory(), null));
        Loop loop = loops.open();
        Future<?> connecting = loop.connect(NAME, TextLines.pipeline());
        loop.tick();
        found.complete(List.of(here()));
        for (int i = 0; i < 5; i++) {
            other.tick();
        }
        assertThat(loops.transport().attempts())
                .as("nobody but its own loop makes it")
                .isZero();
        assertThat(loops.failureOf(connecting)).hasMessageContaining("refused");
    }

    @Test
    void a_resolver_whose_loop_closes_fails_the_connection() {
        Loop other = loops.open();
        var real = Environment.production();
        loops.transport()
                .environment(new Environment(
                        loops.clock(),
                        new Random(1),
                        (loop, name) -> other.promise(),
                        real.blocking(),
                        real.memory(),
                        null));
        Loop loop = loops.open();
        Future<?> connecting = loop.connect(NAME, TextLines.pipeline());
        loop.tick();
        other.close(java.time.Duration.ZERO);
        assertThat(loops.failureOf(connecting)).hasMessageContaining("will never be done");
    }

    @Test
    void one_who_could_not_be_told_the_addresses_of_a_name_keeps_no_other_from_them() {
        var asked = new CountDownLatch(1);
        var resolver = new SystemResolver(name -> {
            Await.latchUninterruptibly(asked);
            return here();
        });
        var driver = new Refusing();
        Loop refusing = driver.open(loops);
        Loop loop = loops.open();
        Future<List<InetAddress>> first = resolver.resolve(refusing, "name")
                .onDone((addresses, failure) -> {}); // so that there is a callback to notify
        Future<List<InetAddress>> second = resolver.resolve(loop, "name");
        driver.refuses = Refusing.ALWAYS;
        asked.countDown();

        assertThat(loops.settle(second)).hasSize(1);

        driver.refuses = 0;
        assertThat(first.isDone()).isTrue();
        assertThat(loops.reporter().take(Report.Thrown.class)).hasSize(1);
    }
}
