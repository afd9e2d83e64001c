package rill.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import rill.spi.Selector;

/** A Selector's treatment of time, wake-ups and interrupts. */
abstract class SelectingLaws extends EndingLaws {
    private static final int ROUNDS = 3000;

    /** Longer than any machine takes every time, and shorter than any patience. */
    static final long PROMPT_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    /** Returns a timeout that is never waited for. */
    final long longNanos() {
        return patience().toNanos();
    }

    /** Checks that a select with a long timeout returns at once. */
    final void expectPrompt(String why) {
        long start = rig().now();
        rig().side().select(longNanos());
        assertTrue(rig().now() - start < longNanos(), "select waited although " + why);
    }

    @Test
    @Holds(in = Selector.class, value = "0 never blocks, FOREVER has no limit")
    void a_timeout_of_zero_takes_no_time_and_another_one_no_longer_than_it_says() throws IOException {
        Rig.Pair idle = rig().connect();
        long start = rig().now();
        for (int i = 0; i < 1000; i++) {
            rig().side().select(0);
        }
        assertTrue(rig().now() - start < TimeUnit.SECONDS.toNanos(1), "a thousand polls took longer than a second");
        start = rig().now();
        rig().side().select(1);
        rig().side().select(TimeUnit.MILLISECONDS.toNanos(10));
        assertTrue(rig().now() - start < TimeUnit.SECONDS.toNanos(1), "10 ms took longer than a second");
        rig().expectRest("on an idle connection");
        assertTrue(!idle.client().isClosed());
    }

    @Test
    @InBothRoles
    @Holds(in = Selector.class, value = "at once if there are undelivered events")
    void select_does_not_wait_while_a_close_is_untold() throws IOException {
        Rig.Pair pair = rig().connect();
        rig().quiet();
        pair.client().close();
        long start = rig().now();
        while (!pair.client().isClosed()) {
            rig().side().select(longNanos());
            assertTrue(rig().now() - start < longNanos(), "select waited although a close was not told");
        }
    }

    @Test
    @InBothRoles
    @Holds(in = Selector.class, value = "at once if there are undelivered events")
    void select_does_not_wait_for_what_resuming_lets_through() throws IOException {
        Rig.Pair pair = rig().connect();
        pair.server().pause();
        pair.client().write("waiting").flush();
        rig().quiet();
        pair.server().resume();
        long start = rig().now();
        while (pair.server().read() < 7) {
            rig().side().select(longNanos());
            assertTrue(rig().now() - start < longNanos(), "select waited although there was something to read");
        }
    }

    @Test
    @Holds(in = Selector.class, value = "or if wakeup() was called since the last select")
    void a_wakeup_before_select_makes_it_return_at_once() {
        rig().side().selector().wakeup();
        rig().side().selector().wakeup();
        expectPrompt("it had been woken up");
        rig().expectRest("after two wake-ups that count as one");
    }

    @Test
    @Holds(
            in = Selector.class,
            value = "Makes the select that is blocked, or else the next one, return at once. Any thread.")
    void a_wakeup_from_another_thread_ends_a_select_that_is_blocked() throws Exception {
        leaveOutIf(Trait.ONE_THREAD);
        Selector selector = rig().side().selector();
        promptOf("a wake-up", longNanos(), selector::wakeup, () -> {});
    }

    /**
     * Has another thread do something that must end a select while this thread is in it. At least one of several attempts has to be prompt, and
     * nothing else may end the select, which could be mistaken for it.
     */
    final void promptOf(String deed, long timeoutNanos, Runnable deedOfAnother, Runnable check)
            throws InterruptedException {
        long least = Long.MAX_VALUE;
        int early = 0;
        for (int i = 0; i < 4; i++) {
            var done = new AtomicLong();
            Thread other = Thread.ofPlatform().name("raw-peer-other").start(() -> {
                LockSupport.parkNanos(Rig.QUIET_NANOS / 2);
                done.set(System.nanoTime());
                deedOfAnother.run();
            });
            try {
                rig().side().select(timeoutNanos);
                for (; done.get() == 0; early++) {
                    rig().side().select(timeoutNanos);
                }
                least = Math.min(least, System.nanoTime() - done.get());
                check.run();
            } finally {
                Thread.interrupted();
                other.join();
            }
            rig().side().select(0); // consumes a wake-up that arrived after an early return
        }
        rig().require(
                        least < PROMPT_NANOS,
                        Rule.SELECT_RETURNS,
                        "select waited although there was " + deed + ": for " + TimeUnit.NANOSECONDS.toMillis(least)
                                + " ms at the least");
        rig().require(
                        early < 20,
                        Rule.SELECT_RETURNS,
                        "select returned " + early + " times with nothing to tell, and no wake-up");
        rig().verify();
    }

    @Test
    @Tag("slow")
    @Holds(
            in = Selector.class,
            value = "Makes the select that is blocked, or else the next one, return at once. Any thread.")
    void no_wakeup_is_lost_in_a_race_with_falling_asleep() throws Exception {
        leaveOutIf(Trait.ONE_THREAD);
        Selector selector = rig().side().selector();
        var asked = new AtomicLong();
        var answered = new AtomicLong();
        Thread asking = Thread.ofPlatform().name("raw-peer-asking").start(() -> {
            for (int i = 1; i <= ROUNDS && !Thread.currentThread().isInterrupted(); i++) {
                asked.set(i);
                selector.wakeup();
                for (int spins = 0;
                        answered.get() < i && !Thread.currentThread().isInterrupted();
                        spins++) {
                    if (spins > i % 1000) {
                        LockSupport.parkNanos(1000);
                    } else {
                        Thread.onSpinWait();
                    }
                }
            }
        });
        try {
            while (answered.get() < ROUNDS) {
                long start = rig().now(); // one select for each wake-up, whether it has arrived or is about to
                rig().side().select(longNanos());
                assertTrue(rig().now() - start < longNanos(), "the wake-up number " + asked.get() + " was lost");
                answered.set(asked.get());
            }
        } finally {
            asking.interrupt();
            asking.join();
        }
    }

    @Test
    @Holds(in = Selector.class, value = "Interrupting the thread makes it return; the interrupt status stays set.")
    void an_interrupt_makes_select_return_and_stays_set() {
        leaveOutIf(Trait.ONE_THREAD);
        Thread.currentThread().interrupt();
        try {
            expectPrompt("its thread was interrupted");
        } finally {
            assertTrue(Thread.interrupted(), "the interrupt status stays set");
        }
    }

    @Test
    @InBothRoles
    @Holds(in = Selector.class, value = "Waits for events and delivers them.")
    void select_rests_while_what_is_there_may_not_be_told() throws IOException {
        Incoming waiting = rig().listen();
        waiting.pause();
        End client = rig().side().connect(waiting.acceptor().localAddress());
        Rig.Pair paused = rig().connect();
        paused.server().pause();
        paused.client().writePattern(8 * 1024 * 1024).flush();
        for (int i = 0; i < 50 && has(Trait.ONE_THREAD); i++) {
            rig().quiet(); // on a slow simulated network, bytes that fit are in flight for a while
        }
        rig().expectRest("with an Acceptor and a Wire paused and a writer blocked");
        assertEquals(0, waiting.count());
        client.close();
    }

    @Test
    @InBothRoles
    @Holds(in = Selector.class, value = "events reach listeners only within select")
    void nothing_is_told_outside_of_select() throws IOException {
        Rig.Pair pair = rig().connect();
        End client = pair.client();
        End server = pair.server();
        client.write("one").flush();
        server.write("two").flush();
        long deadline = rig().now() + Rig.QUIET_NANOS;
        while (rig().now() - deadline < 0) {
            client.flush();
            server.pause();
            server.resume();
            if (has(Trait.ONE_THREAD)) {
                break;
            }
        }
        rig().verify();
        assertEquals(0, client.reads() + server.reads(), "reads without a select");
        rig().quiet();
        client.flush();
        server.flush();
        rig().until("both have read", () -> client.read() == 3 && server.read() == 3);
    }
}
