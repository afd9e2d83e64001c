package rill;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import rill.testing.ManualClock;

/** Lines for the log: summed up, bounded, and written by a thread of their own. */
class ScribeTest {
    private static final System.Logger.Level INFO = System.Logger.Level.INFO;
    private static final System.Logger.Level WARNING = System.Logger.Level.WARNING;

    private final ManualClock clock = new ManualClock();
    private final List<String> written = new CopyOnWriteArrayList<>();
    private final CountDownLatch mayWrite = new CountDownLatch(1);
    private boolean noThreads;
    private final Scribe scribe = new Scribe(
            (level, text, thrown) -> {
                Await.latchUninterruptibly(mayWrite);
                written.add(text);
            },
            clock,
            work -> {
                if (noThreads) {
                    throw new OutOfMemoryError("unable to create native thread, says the test");
                }
                return Threads.shared().unstarted(work);
            });

    private static String reset(int n) {
        return "loop-" + n % 3 + ": connection to /10.0.0." + n % 256 + ":" + n + " failed: Connection reset";
    }

    @Test
    void of_a_kind_that_has_a_name_the_first_is_told_and_the_rest_is_a_sum() {
        mayWrite.countDown();
        for (int i = 0; i < 25; i++) {
            scribe.tell(WARNING, "calls of a pool", "call of " + "abc".substring(i % 3), null);
            scribe.tell(WARNING, "calls of another", "another", null);
        }
        scribe.flush();
        assertThat(written).containsExactly("call of abc", "another");

        windowEnds();

        Await.until("it is summed up", () -> written.size() == 4);
        assertThat(written.get(2)).isEqualTo("… and 24 more like it in the last 10 s: call of abc");
    }

    private void windowEnds() {
        clock.advanceNanos(Repeats.WINDOW_NANOS);
        scribe.look();
    }

    @Test
    void a_storm_of_resets_is_a_few_lines_and_a_sum() {
        mayWrite.countDown();
        for (int i = 0; i < 50_000; i++) {
            scribe.tell(INFO, reset(i), null);
        }
        scribe.flush();
        assertThat(written).hasSize(Repeats.TOLD).first().isEqualTo(reset(0));

        windowEnds();

        Await.until("it is summed up", () -> written.size() == Repeats.TOLD + 1);
        assertThat(written.getLast()).isEqualTo("… and 49,990 more like it in the last 10 s: " + reset(0));
        scribe.tell(INFO, reset(7), null);
        Await.until("a new window has begun", () -> written.getLast().equals(reset(7)));
    }

    @Test
    void what_is_told_in_full_is_neither_summed_up_nor_cut_but_bounded_as_all_the_rest() {
        String longOne = "x".repeat(20_000);
        for (int i = 0; i < Scribe.CAPACITY + 7; i++) {
            scribe.tellInFull(INFO, longOne + i);
        }
        mayWrite.countDown();
        scribe.flush();
        assertThat(written.subList(0, 900)).allMatch(line -> line.length() > 20_000);
        assertThat(written.getLast()).contains("reports were dropped");
        assertThat(scribe.runs()).isFalse();
    }

    @Test
    void what_happens_now_and_then_is_told_each_time() {
        mayWrite.countDown();
        for (int i = 0; i < 100; i++) {
            scribe.tell(INFO, reset(i), null);
            clock.advance(Duration.ofSeconds(2));
        }
        Await.until("all are told", () -> written.size() == 100);
    }

    @Test
    void what_was_told_each_time_is_not_summed_up() {
        mayWrite.countDown();
        for (int i = 0; i < Repeats.TOLD; i++) {
            scribe.tell(INFO, reset(i), null);
        }
        scribe.tell(WARNING, "calls of a pool", "a call", null);
        scribe.flush();

        windowEnds();

        Await.until("its thread has ended", () -> !scribe.runs());
        assertThat(written).hasSize(Repeats.TOLD + 1).noneMatch(line -> line.contains("more like it"));
    }

    @Test
    void different_things_are_told_apart() {
        mayWrite.countDown();
        for (int i = 0; i < 1_000; i++) {
            scribe.tell(INFO, reset(i), null);
        }
        scribe.tell(WARNING, "loop-1: a handle threw java.lang.NullPointerException", null);
        scribe.flush();
        assertThat(written).hasSize(Repeats.TOLD + 1).last().asString().contains("NullPointerException");
    }

    @Test
    void so_many_kinds_that_nobody_can_read_them_take_bounded_memory_and_few_lines() {
        mayWrite.countDown();
        var letters = new StringBuilder();
        for (int i = 0; i < 10_000; i++) {
            letters.setLength(0);
            for (int left = i; left > 0; left /= 26) {
                letters.append((char) ('a' + left % 26));
            }
            scribe.tell(INFO, "bad input: " + letters, null);
        }
        scribe.flush();
        assertThat(written).hasSize(Repeats.KINDS + Repeats.TOLD);

        windowEnds();

        Await.until("the rest is summed up", () -> written.getLast().startsWith("… and 9,790 more like it"));
    }

    @Test
    void a_log_that_takes_nothing_holds_up_nobody_and_what_is_dropped_is_counted() {
        for (int i = 0; i < Scribe.CAPACITY + 500; i++) {
            scribe.tell(INFO, "kind " + (char) ('A' + i / 10 % 26) + (char) ('A' + i / 260), null);
        }

        mayWrite.countDown();

        Await.until("drops are told", () -> written.stream().anyMatch(line -> line.contains("reports were dropped")));
        assertThat(written).hasSizeLessThan(Scribe.CAPACITY + 10);
    }

    @Test
    void its_thread_ends_once_there_is_nothing_to_sum_up() {
        mayWrite.countDown();
        scribe.tell(INFO, "something", null);
        scribe.flush();
        assertThat(written).containsExactly("something");
        assertThat(scribe.runs()).isTrue();

        clock.advanceNanos(Repeats.WINDOW_NANOS);
        scribe.look();

        Await.until("its thread has ended", () -> !scribe.runs());
        scribe.tell(INFO, "something more", null);
        scribe.flush();
        assertThat(written).containsExactly("something", "something more");
    }

    @Test
    void without_a_thread_to_write_them_lines_are_written_by_whoever_flushes() {
        mayWrite.countDown();
        noThreads = true;
        scribe.tell(INFO, "something", null);
        scribe.tell(WARNING, "something else", null);
        assertThat(written).isEmpty();
        scribe.flush();
        assertThat(written).containsExactly("something", "something else");

        noThreads = false;
        scribe.tell(INFO, "a third thing", null);
        Await.until("there is a thread again", () -> written.size() == 3);
    }

    @Test
    void what_there_was_no_memory_for_is_counted() {
        mayWrite.countDown();
        scribe.lost();
        scribe.lost();
        scribe.tell(INFO, "something", null);
        Await.until("that is told", () -> written.size() == 2);
        assertThat(written.getLast()).startsWith("2 reports were dropped");
    }

    /** A log that ends before the JVM does. */
    private static final class EndedLog implements Scribe.Log {
        @Override
        public void write(System.Logger.Level level, String text, @Nullable Throwable thrown) {
            throw new AssertionError("the log has ended");
        }

        @Override
        public boolean endsBeforeUs() {
            return true;
        }
    }

    @Test
    void once_the_log_has_ended_warnings_go_to_standard_error_with_their_stacks() {
        var exiting = new Scribe(new EndedLog(), clock, work -> {
            throw new IllegalStateException("Shutdown in progress");
        });
        var standardError = new ByteArrayOutputStream();
        PrintStream before = System.err;
        System.setErr(new PrintStream(standardError, true, StandardCharsets.UTF_8));
        try {
            exiting.tell(INFO, "a peer went away", new NullPointerException("of no interest"));
            exiting.tell(WARNING, "a handle threw", new NullPointerException("a mistake"));
            exiting.tell(WARNING, "a Task outlives its loop", null);
            exiting.tell(WARNING, "a connection failed", new ProtocolException("not a number"));
            exiting.flush();
        } finally {
            System.setErr(before);
        }
        assertThat(standardError.toString(StandardCharsets.UTF_8).lines().filter(line -> !line.startsWith("\tat ")))
                .containsExactly(
                        "rill: WARNING: a handle threw",
                        "java.lang.NullPointerException: a mistake",
                        "rill: WARNING: a Task outlives its loop",
                        "rill: WARNING: a connection failed");
        assertThat(standardError.toString(StandardCharsets.UTF_8)).contains("\tat rill.ScribeTest.once_the_log");
    }

    @Test
    void a_failure_of_the_network_is_written_with_its_stack_only_if_it_carries_an_origin() {
        var stacks = new ArrayList<Throwable>();
        var own = new Scribe((level, text, thrown) -> stacks.add(thrown), clock, work -> {
            throw new OutOfMemoryError("unable to create native thread, says the test");
        });
        var traced = new ClosedHere(null, true, null);
        var reset = new SocketException("reset");
        reset.addSuppressed(new Origin());
        var noisy = new SocketException("reset");
        noisy.addSuppressed(new IOException("something else"));
        own.tell(INFO, "a", traced);
        own.tell(INFO, "b", new ClosedHere(null, false, null));
        own.tell(INFO, "c", reset);
        own.tell(INFO, "d", noisy);
        own.tell(INFO, "e", new IOException("by a call of Rill's own"));
        own.flush();
        assertThat(stacks).containsExactly(traced, null, reset, null, null);
    }
}
