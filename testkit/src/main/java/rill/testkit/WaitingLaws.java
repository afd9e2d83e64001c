package rill.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import rill.spi.Selector;
import rill.spi.Wire;

/** What ends a wait, what does not, and how long a wait lasts. */
abstract class WaitingLaws extends SelectingLaws {
    private static final long WAIT_NANOS = TimeUnit.MILLISECONDS.toNanos(20);
    private static final int TIMES = 5;

    @Test
    @Holds(in = Selector.class, value = "Interrupting the thread makes it return; the interrupt status stays set.")
    void an_interrupt_ends_a_select_that_is_blocked_and_stays_set() throws Exception {
        leaveOutIf(Trait.ONE_THREAD);
        Thread driver = Thread.currentThread();
        promptOf(
                "an interrupt",
                longNanos(),
                driver::interrupt,
                () -> assertTrue(driver.isInterrupted(), "the interrupt status stays set"));
    }

    @Test
    @Holds(in = Selector.class, value = "FOREVER has no limit")
    void forever_is_ended_by_a_wakeup_and_by_nothing_else() throws Exception {
        leaveOutIf(Trait.ONE_THREAD);
        promptOf("a wake-up", Selector.FOREVER, rig().side().selector()::wakeup, () -> {});
    }

    @Test
    @Holds(in = Selector.class, value = "nanoseconds; 0 never blocks, FOREVER has no limit")
    void the_longest_timeout_of_all_is_long() throws Exception {
        leaveOutIf(Trait.ONE_THREAD);
        promptOf("a wake-up", Long.MAX_VALUE, rig().side().selector()::wakeup, () -> {});
    }

    @Test
    @InBothRoles
    @Holds(in = Selector.class, value = "Returns when at least one event was delivered")
    void forever_is_ended_by_an_event() throws IOException {
        Rig.Pair pair = rig().connect();
        rig().quiet();
        pair.client().write("at last").flush();
        while (pair.server().read() < 7) {
            rig().side().select(Selector.FOREVER);
        }
        assertEquals("at last", pair.server().text());
    }

    /** Selects several times in a row for a while, after an action; returns the longest and the shortest duration. */
    private long[] waits(Runnable before) {
        rig().quiet();
        long least = Long.MAX_VALUE;
        long most = 0;
        for (int i = 0; i < TIMES; i++) {
            before.run();
            long start = rig().now();
            rig().side().select(WAIT_NANOS);
            long took = rig().now() - start;
            least = Math.min(least, took);
            most = Math.max(most, took);
        }
        return new long[] {least, most};
    }

    @Test
    @Holds(in = Selector.class, value = "or when the timeout has expired")
    void a_wait_is_over_when_its_time_is() throws IOException {
        Rig.Pair idle = rig().connect();
        long[] took = waits(() -> {});
        assertTrue(
                took[0] < WAIT_NANOS + PROMPT_NANOS,
                "a select for " + TimeUnit.NANOSECONDS.toMillis(WAIT_NANOS) + " ms took "
                        + TimeUnit.NANOSECONDS.toMillis(took[0]) + " ms, the shortest of " + TIMES);
        assertTrue(!idle.client().isClosed());
    }

    @Test
    @Holds(in = Selector.class, value = "and a select consumes the wake-up whatever its timeout")
    void a_wakeup_is_used_up_by_a_select_that_does_not_block() {
        Side side = rig().side();
        expectAWait("a wake-up ended a select although the one before had used it up", () -> {
            side.selector().wakeup();
            side.select(0);
        });
    }

    @Test
    @Holds(in = Selector.class, value = "Several calls count as one")
    void several_wakeups_end_one_select() {
        Side side = rig().side();
        expectAWait("a wake-up ended a second select", () -> {
            for (int i = 0; i < 3; i++) {
                side.selector().wakeup();
            }
            side.select(longNanos());
        });
    }

    private void expectAWait(String otherwise, Runnable before) {
        assertTrue(waits(before)[1] > WAIT_NANOS / 4, otherwise + ", each time of " + TIMES);
    }

    @Test
    @InBothRoles
    @Holds(in = Selector.class, value = "Makes the select that is blocked, or else the next one, return at once.")
    void a_wakeup_within_a_callback_ends_the_next_select() throws IOException {
        Rig.Pair pair = rig().connect();
        pair.server().onRead(bytes -> rig().side().selector().wakeup());
        rig().quiet();
        pair.client().write("x").flush();
        rig().until("it is read", () -> pair.server().read() == 1);
        expectPrompt("it had been woken up within a callback");
    }

    @Test
    @Holds(in = Selector.class, value = "at once if there are undelivered events")
    void select_does_not_wait_while_an_accepted_wire_is_not_told_that_it_is_connected() throws IOException {
        Incoming incoming = rig().listen();
        rig().side().connect(incoming.acceptor().localAddress());
        rig().until("it is accepted", () -> incoming.count() == 1);
        rig().quiet();
        End server = rig().side().open(incoming.take());
        promptly("connected was not told", () -> !server.isConnected());
    }

    @Test
    @InBothRoles
    @Holds(in = Selector.class, value = "at once if there are undelivered events")
    void select_does_not_wait_while_what_a_half_close_wrote_is_not_told() throws IOException {
        Rig.Pair pair = rig().connect(rig().side(), rig().openSide()); // whose events are not to end the wait
        rig().quiet();
        pair.client().write("the last");
        pair.client().wire().shutdownOutput();
        promptly("what was written was not told", () -> pair.client().left() < 8);
    }

    private void promptly(String otherwise, BooleanSupplier still) {
        long start = rig().now();
        while (still.getAsBoolean()) {
            rig().side().select(longNanos());
            assertTrue(rig().now() - start < longNanos(), "select waited although " + otherwise);
        }
    }

    @Test
    @Holds(in = Selector.class, value = "Events that it causes are delivered by a later select")
    void what_listeners_cause_is_told_by_a_later_select() throws IOException {
        Incoming incoming = rig().listen();
        var rounds = new int[1];
        again(incoming, rounds);
        for (int i = 0; i < 20; i++) {
            int before = rounds[0];
            rig().side().select(0);
            assertTrue(
                    rounds[0] - before <= 1,
                    (rounds[0] - before)
                            + " Wires were opened, closed and told so one after the other, all within one select");
        }
        assertTrue(rounds[0] > 1, "rounds in all");
        rounds[0] = Integer.MIN_VALUE;
        rig().until("all are closed", rig()::allClosed);
    }

    private void again(Incoming incoming, int[] rounds) {
        End next = rig().side().connect(incoming.acceptor().localAddress());
        next.onClosed(end -> {
            if (++rounds[0] > 0 && rounds[0] < 1000) {
                again(incoming, rounds);
            }
        });
        next.close();
    }

    @Test
    @InBothRoles
    @Holds(in = Selector.class, value = "Events that it causes are delivered by a later select")
    void who_is_closed_by_a_listener_while_it_waits_to_be_told_something_is_told_so_by_a_later_select()
            throws IOException {
        Incoming incoming = rig().listen();
        for (int i = 1; i <= TIMES; i++) {
            int accepted = i;
            Rig.Pair pair = rig().connect();
            rig().side().connect(incoming.acceptor().localAddress());
            rig().until("it is accepted", () -> incoming.count() == accepted);
            pair.server().pause();
            pair.client().write("x").flush();
            rig().quiet();
            pair.server().resume();
            End untold = rig().side().open(incoming.take());
            pair.server().onRead(bytes -> untold.close());
            rig().until("it is read", () -> pair.server().read() == 1);
            assertFalse(untold.isClosed(), "closed was told by the select within which a listener closed the Wire");
            rig().until("it is closed", untold::isClosed);
        }
    }

    @Test
    @Holds(in = Selector.class, value = "may also come from another thread, which carries a Task of the loop")
    void everything_but_select_may_be_called_by_a_thread_that_carries_a_task() throws Exception {
        leaveOutIf(Trait.ONE_THREAD);
        rig().side().select(0); // now there is a driver, if the transport keeps it
        Incoming incoming = onAnother(() -> rig().listen());
        End client = onAnother(() -> rig().side().connect(incoming.acceptor().localAddress()));
        rig().until("it is accepted", () -> incoming.count() == 1);
        End server = onAnother(() -> rig().side().open(incoming.take()));
        rig().until("both are connected", () -> client.isConnected() && server.isConnected());
        onAnother(() -> client.write("from a Task").flush());
        rig().until("it is read", () -> server.read() == 11);
        onAnother(() -> {
            server.pause();
            server.resume();
            server.wire().unacknowledged();
            return server.write("and back").flush();
        });
        rig().until("it is read on the other side", () -> client.read() == 8);
        onAnother(() -> {
            client.wire().shutdownOutput();
            return client;
        });
        rig().until("the end is told", server::hasEnded);
        onAnother(() -> {
            incoming.pause();
            incoming.resume();
            incoming.close();
            client.close();
            server.abort();
            return client;
        });
        rig().until("both are closed", () -> client.isClosed() && server.isClosed());
    }

    /** Does something on a virtual thread while this one waits, as a loop does with a Task that is handed over. */
    private static <T> T onAnother(Callable<T> body) throws Exception {
        var task = new FutureTask<>(body);
        Thread.ofVirtual().start(task).join();
        return task.get();
    }

    @Test
    @InBothRoles
    @Holds(in = Selector.class, value = "The driver may change between calls")
    void another_thread_may_drive_and_be_woken_up() throws Exception {
        leaveOutIf(Trait.ONE_THREAD);
        if (tested().keepsDriver()) {
            another_thread_is_told_that_it_may_not_drive();
            return;
        }
        Rig.Pair pair = rig().connect();
        var failure = new AtomicReference<@Nullable Throwable>();
        pair.client().write("to another thread").flush();
        Thread driver = Thread.ofPlatform().name("raw-peer-driver").start(() -> {
            try {
                rig().until("it is read", () -> pair.server().read() == 17);
                pair.server().write("from another thread").flush();
                rig().until(
                                "it is read on the other side",
                                () -> pair.client().read() == 19
                                        && pair.server().left() == 19);
                rig().quiet();
                rig().side().select(longNanos() * 2); // ended by the wake-up
            } catch (Throwable e) {
                failure.set(e);
            }
        });
        try {
            long start = System.nanoTime();
            while (driver.isAlive()
                    && System.nanoTime() - start < longNanos()) { // a wake-up before the wait ends nothing
                rig().side().selector().wakeup();
                driver.join(5);
            }
        } finally {
            if (driver.isAlive()) {
                driver.interrupt();
                failure.compareAndSet(null, new AssertionError("a wake-up did not reach the thread that drives now"));
            }
            driver.join();
        }
        if (failure.get() != null) {
            throw new AssertionError(failure.get().getMessage(), failure.get());
        }
        pair.client().write("and again here").flush();
        rig().until("it is read here", () -> pair.server().read() == 17 + 14);
    }

    /** A Selector that keeps its driver refuses any other thread, and then continues as if nothing had been asked. */
    private void another_thread_is_told_that_it_may_not_drive() throws Exception {
        Rig.Pair pair = rig().connect();
        var told = new AtomicReference<@Nullable Throwable>();
        pair.client().write("for the first").flush();
        Thread.ofPlatform()
                .name("raw-peer-driver")
                .start(() -> {
                    try {
                        rig().side().selector().select(0);
                    } catch (IOException | RuntimeException e) {
                        told.set(e);
                    }
                })
                .join();
        assertTrue(
                told.get() instanceof IllegalStateException,
                () -> "another thread than the driver that a Selector keeps was told: " + told.get());
        rig().until("it is read by the first driver", () -> pair.server().read() == 13);
    }

    @Test
    @Holds(in = Selector.class, value = "an interrupt of the thread affects select alone")
    void an_interrupted_thread_opens_and_writes_as_any_other() throws IOException {
        try {
            Thread.currentThread().interrupt();
            Incoming incoming = rig().listen();
            End client = rig().side().connect(incoming.acceptor().localAddress());
            client.write("written by one who is interrupted").flush();
            assertTrue(Thread.interrupted(), "the interrupt status stays set");
            rig().until("it is accepted", () -> incoming.count() == 1);

            Thread.currentThread().interrupt();
            End server = rig().side().open(incoming.take());
            server.write("and so is the answer").flush();
            server.wire().shutdownOutput();
            assertTrue(Thread.interrupted(), "the interrupt status stays set");
            rig().until("all has come", () -> client.hasEnded() && server.read() == 33);

            Thread.currentThread().interrupt();
            client.write("more").flush();
            client.close();
            incoming.close();
            assertTrue(Thread.interrupted(), "the interrupt status stays set");
            rig().until("it is closed", client::isClosed);
        } finally {
            Thread.interrupted();
        }
    }

    @Test
    @Holds(in = Wire.class, value = "only on its Selector's driver")
    void two_selectors_are_driven_by_two_threads() throws Exception {
        leaveOutIf(Trait.ONE_THREAD);
        Rig others = anotherRig();
        try {
            Incoming incoming = rig().listen();
            var address = incoming.acceptor().localAddress();
            var failure = new AtomicReference<@Nullable Throwable>();
            int much = 4 * 1024 * 1024;
            Thread other = Thread.ofPlatform().name("raw-peer-driver").start(() -> {
                try {
                    End client = others.side().connect(address).patterned();
                    client.writePattern(much).wire().shutdownOutput();
                    others.until("all has come back", () -> client.hasEnded() && client.read() == much);
                    others.until("all has left", () -> client.left() == much);
                    client.close();
                    others.until("it is closed", client::isClosed);
                } catch (Throwable e) {
                    failure.set(e);
                }
            });
            rig().until("it is accepted", () -> incoming.count() == 1);
            End server = rig().side().open(incoming.take()).patterned();
            server.writePattern(much).wire().shutdownOutput();
            rig().until("all has come", () -> failure.get() != null || (server.hasEnded() && server.read() == much));
            rig().until("all has left", () -> failure.get() != null || !other.isAlive());
            other.join();
            if (failure.get() != null) {
                throw new AssertionError("the other thread: " + failure.get().getMessage(), failure.get());
            }
        } finally {
            others.close();
        }
    }
}
