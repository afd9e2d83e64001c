package rill;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.ref.WeakReference;
import java.net.URL;
import java.net.URLClassLoader;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import rill.spi.Environment;
import rill.testing.Loops;

/** The threads that Rill starts, and what they inherit from the thread that happened to start them. */
class ThreadsTest {
    private static final InheritableThreadLocal<Object> LOCAL = new InheritableThreadLocal<>();

    private final Loops loops = Loops.realTime();

    @AfterEach
    void closeLoops() {
        loops.close();
    }

    private Loop openWatched() throws Exception {
        return Loop.open(LoopOptions.defaults()
                .transport(loops.transport())
                .reporter(loops.reporter())
                .slowHandle(Duration.ofSeconds(10)));
    }

    private static void use(Loop loop) throws Exception {
        loop.task(() -> "a Task").await();
        Reporter.logging().report(new Report.Note(loop.name(), "logged", true));
        Resolver.system().resolve(loop, "localhost").await();
        loop.environment().blocking().execute(() -> {});
    }

    /** An application within a larger program is the first to use Rill, and leaves once another one uses it as well. */
    private List<WeakReference<Object>> comeAndGo(CountDownLatch used, CountDownLatch mayGo) throws Exception {
        var mine = new ArrayList<WeakReference<Object>>();
        var group = new ThreadGroup("application") {};
        mine.add(new WeakReference<>(group));
        Thread application = Thread.ofPlatform().group(group).start(() -> {
            var value = new Object();
            LOCAL.set(value);
            mine.add(new WeakReference<>(value));
            var loader = new URLClassLoader("application", new URL[0], null);
            Thread.currentThread().setContextClassLoader(loader);
            mine.add(new WeakReference<>(loader));
            try (Loop loop = openWatched()) {
                use(loop);
                used.countDown();
                Await.latch(mayGo);
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        });
        application.join();
        return mine;
    }

    private static void await(CountDownLatch latch) {
        try {
            Await.latch(latch);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void for_blocking_work_are_64_at_most_and_what_is_beyond_waits_for_its_turn() throws Exception {
        Executor blocking = Environment.production().blocking();
        var mayGo = new CountDownLatch(1);
        var done = new CountDownLatch(500);
        var names = ConcurrentHashMap.<String>newKeySet();
        for (int i = 0; i < 500; i++) {
            blocking.execute(() -> {
                names.add(Thread.currentThread().getName());
                await(mayGo);
                done.countDown();
            });
        }
        mayGo.countDown();
        Await.latch(done);
        assertThat(names).hasSizeBetween(1, 64);
    }

    @Test
    @Tag("slow")
    void keep_nothing_of_who_happened_to_start_them() throws Exception {
        Await.until("no loop of another test is open", () -> Watchdog.thread() == null);
        var used = new CountDownLatch(1);
        var mayGo = new CountDownLatch(1);
        var application = Outside.start(() -> comeAndGo(used, mayGo));
        Await.latch(used);
        try (Loop other = openWatched()) {
            use(other);
            mayGo.countDown();
            loops.transport().selectors().clear();
            List<WeakReference<Object>> left = application.result();
            assertThat(left).hasSize(3);
            long start = System.nanoTime();
            while (left.stream().anyMatch(each -> each.get() != null)) {
                assertThat(Duration.ofNanos(System.nanoTime() - start))
                        .as(
                                "something is kept: %s",
                                left.stream().map(WeakReference::get).toList())
                        .isLessThan(Duration.ofSeconds(20));
                use(other); // so that no thread ends for want of work
                System.gc();
            }
            assertThat(Watchdog.thread()).isNotNull();
        }
    }

    @Test
    void a_loops_own_thread_has_the_class_loader_of_whoever_opened_the_loop() throws Exception {
        var loader = new URLClassLoader("opener", new URL[0], null);
        ClassLoader before = Thread.currentThread().getContextClassLoader();
        Thread.currentThread().setContextClassLoader(loader);
        Loop loop;
        try {
            loop = loops.open();
        } finally {
            Thread.currentThread().setContextClassLoader(before);
        }
        loop.start();

        assertThat(loop.submit(() -> Thread.currentThread().getContextClassLoader())
                        .await())
                .isSameAs(loader);
        loop.stop();
        Await.until("nobody drives", () -> !loop.driving().driven());
        var outside = Outside.startVirtual(
                () -> loop.submit(() -> Thread.currentThread().getContextClassLoader())
                        .await());
        assertThat(outside.result())
                .as("of the thread that drives for a virtual one")
                .isSameAs(loader);
    }

    @Test
    void have_a_name_in_messages_even_if_they_have_none() throws Exception {
        assertThat(Threads.describe(Thread.ofPlatform().name("main").unstarted(() -> {})))
                .isEqualTo("thread main");
        assertThat(Threads.describe(Thread.ofVirtual().unstarted(() -> {}))).matches("virtual thread #[0-9]+");
    }
}
