package rill.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import rill.spi.Acceptor;
import rill.spi.Selector;
import rill.spi.Transport;

/** An accident on one connection costs the others nothing. */
abstract class ThrowingLaws extends ClosedLaws {
    private static final int MUCH = 4 * 1024 * 1024;

    /** Checks another connection, which must not be affected. */
    private void assertGoesOn(Rig.Pair other) {
        long there = other.server().read();
        long back = other.client().read();
        other.client().write("goes on").flush();
        other.server().write("so does this").flush();
        rig().until(
                        "another connection goes on",
                        () -> other.server().read() == there + 7
                                && other.client().read() == back + 12);
    }

    @Test
    @InBothRoles
    @Holds(in = Selector.class, value = "the Wire concerned is closed with the exception as the cause")
    void a_listener_that_throws_costs_its_own_wire_and_nothing_else() throws IOException {
        Rig.Pair other = rig().connect();
        for (String where : List.of("readTarget", "read", "inputEnded", "written")) {
            Rig.Pair pair = rig().connect();
            End throwing = pair.client().throwAt(where);
            if (where.equals("written")) {
                pair.server().pause();
                throwing.writePattern(MUCH);
                for (int i = 0; i < 8; i++) {
                    throwing.writePattern(MUCH);
                }
                throwing.flush();
                rig().quiet();
                pair.server().patterned().resume();
            } else {
                pair.server().write("some bytes").wire().shutdownOutput();
            }
            if (where.equals("readTarget")) {
                rig().until(
                                "the Wire whose listener has thrown is closed, or it never asked where to read into",
                                () -> throwing.isClosed() || throwing.hasEnded());
            } else {
                rig().until("the Wire whose listener has thrown within " + where + " is closed", throwing::isClosed);
            }
            if (throwing.isClosed()) {
                assertEquals("closed with a cause", throwing.story().getLast(), "what was thrown is the cause");
                assertThrown(throwing, where);
                rig().until(
                                "its peer is told",
                                () -> pair.server().isClosed() || pair.server().hasEnded());
            }
            assertGoesOn(other);
        }
    }

    private static void assertThrown(End throwing, String where) {
        for (Throwable each = throwing.cause(); each != null; each = each.getCause()) {
            if (String.valueOf(each.getMessage()).contains("thrown by a listener at " + where)) {
                return;
            }
        }
        throw new AssertionError("the cause is what was thrown, or has it for its own: " + throwing.cause());
    }

    @Test
    @Holds(in = Selector.class, value = "the Wire concerned is closed with the exception as the cause")
    void a_listener_that_throws_when_it_is_told_of_a_beginning_or_an_end_harms_nobody() throws IOException {
        Rig.Pair other = rig().connect();
        Incoming incoming = rig().listen();
        End client = rig().side().connect(incoming.acceptor().localAddress()).throwAt("connected");
        rig().until("it is accepted", () -> incoming.count() == 1);
        End server = rig().side().open(incoming.take());
        rig().until("the Wire whose listener has thrown within connected is closed", client::isClosed);
        rig().until("its peer is told", () -> server.isClosed() || server.hasEnded());
        assertThrown(client, "connected");
        assertGoesOn(other);

        End third = rig().side().connect(incoming.acceptor().localAddress());
        rig().until("it is accepted", () -> incoming.count() == 2);
        End fourth = rig().side().open(incoming.take()).throwAt("connected");
        rig().until("the accepted Wire whose listener has thrown within connected is closed", fourth::isClosed);
        rig().until("its peer is told", () -> third.isClosed() || third.hasEnded());
        assertGoesOn(other);

        Rig.Pair last = rig().connect();
        last.client().throwAt("closed").close();
        last.server().throwAt("closed with a cause");
        rig().until("it is closed", () -> last.client().isClosed());
        assertGoesOn(other);
    }

    @Test
    @Holds(in = Selector.class, value = "and an Acceptor pauses and calls AcceptListener.failed")
    void a_listener_that_throws_when_somebody_is_accepted_pauses_and_can_resume() throws IOException {
        Rig.Pair other = rig().connect();
        Incoming incoming = rig().listen();
        incoming.throwOnce();
        End nobodys = rig().side().connect(incoming.acceptor().localAddress());
        rig().until("it is accepted, and the failure told", () -> incoming.count() == 1 && incoming.failures() == 1);
        rig().until(
                        "the socket whose listener has thrown is closed, since nobody has opened it",
                        () -> nobodys.isClosed() || nobodys.hasEnded());
        rig().side().connect(incoming.acceptor().localAddress());
        rig().quiet();
        assertEquals(1, incoming.count(), "accepted in all, while it is paused");
        assertGoesOn(other);
        incoming.resume();
        rig().until("the next is accepted", () -> incoming.count() == 2);
    }

    /** Does something while this thread has another handler of uncaught exceptions, which throws. Returns what that was told. */
    private static List<Throwable> uncaughtWithin(Runnable body) {
        var told = new ArrayList<Throwable>();
        Thread driver = Thread.currentThread();
        var before = driver.getUncaughtExceptionHandler();
        driver.setUncaughtExceptionHandler((thread, e) -> {
            told.add(e);
            throw new AssertionError("thrown by a handler of uncaught exceptions", e);
        });
        try {
            body.run();
        } finally {
            driver.setUncaughtExceptionHandler(before);
        }
        return told;
    }

    @Test
    @Holds(in = Acceptor.class, value = "Nothing is delivered afterwards.")
    void a_listener_that_closes_its_acceptor_and_throws_is_told_nothing_more() throws IOException {
        Rig.Pair other = rig().connect();
        Incoming incoming = rig().listen();
        incoming.throwOnce();
        incoming.onAccepted(Incoming::close);
        List<Throwable> told = uncaughtWithin(() -> {
            rig().side().connect(incoming.acceptor().localAddress());
            rig().until("it is accepted", () -> incoming.count() == 1);
            rig().quiet();
        });
        assertEquals(0, incoming.failures(), "failures told after the Acceptor's close");
        assertEquals(1, told.size(), () -> "told to the handler of uncaught exceptions: " + told);
        assertGoesOn(other);
    }

    @Test
    @Holds(in = Selector.class, value = "If one does anyway, select continues")
    void a_listener_that_throws_when_it_is_told_of_a_failure_harms_nobody() throws IOException {
        Rig.Pair other = rig().connect();
        Incoming incoming = rig().listen();
        incoming.throwOnce();
        incoming.throwAtFailed();
        List<Throwable> told = uncaughtWithin(() -> {
            rig().side().connect(incoming.acceptor().localAddress());
            rig().until(
                            "it is accepted, and the failure told",
                            () -> incoming.count() == 1 && incoming.failures() == 1);
            rig().quiet();
        });
        assertEquals(1, told.size(), () -> "told to the handler of uncaught exceptions: " + told);
        assertGoesOn(other);
        incoming.resume();
        rig().side().connect(incoming.acceptor().localAddress());
        rig().until("the next is accepted", () -> incoming.count() == 2);
    }

    @Test
    @Holds(in = Selector.class, value = "what that throws is ignored")
    void a_handler_of_uncaught_exceptions_that_throws_harms_nobody() throws IOException {
        Rig.Pair other = rig().connect();
        Rig.Pair last = rig().connect();
        last.client().throwAt("closed").close();
        List<Throwable> told = uncaughtWithin(
                () -> rig().until("it is closed", () -> last.client().isClosed()));
        assertEquals(1, told.size(), () -> "told to the handler of uncaught exceptions: " + told);
        assertGoesOn(other);
    }

    @Test
    @InBothRoles
    @Holds(in = Transport.class, value = "then only the Wire that wanted to read fails")
    void no_memory_to_read_into_fails_the_wire_that_wanted_to_read() throws IOException {
        Rig.Pair pair = rig().connect();
        Rig.Pair other = rig().connect();
        rig().quiet();
        rig().side().receiveBuffers(() -> new UncheckedIOException(new IOException("there is no memory for it")));
        pair.server().write("nowhere to read into").flush();
        rig().until(
                        "it fails, or has memory of its own",
                        () -> pair.client().isClosed() || pair.client().read() == 20);
        rig().side().receiveBuffers(null);
        if (pair.client().isClosed()) {
            assertEquals("closed with a cause", pair.client().story().getLast());
            assertTrue(
                    String.valueOf(pair.client().cause()).contains("no memory"),
                    () -> "the cause says what happened: " + pair.client().cause());
        }
        assertGoesOn(other);
    }

    @Test
    @InBothRoles
    @Holds(in = Selector.class, value = "A listener may call any method of any Wire of this Selector")
    void a_listener_may_use_another_wire() throws IOException {
        Rig.Pair one = rig().connect();
        Rig.Pair two = rig().connect();
        one.server()
                .onRead(bytes -> two.client()
                        .write(bytes.toString(StandardCharsets.ISO_8859_1))
                        .flush());
        two.server().onEnd(End::close);
        one.server().onEnd(end -> two.client().wire().shutdownOutput());
        two.client().pause();
        one.server().onConnected(end -> {});
        one.client().write("passed on").wire().shutdownOutput();
        rig().until("it is passed on, with the end", () -> two.server().isClosed());
        assertEquals("passed on", two.server().text());
        one.client().onEnd(end -> two.client().resume());
        one.server().wire().shutdownOutput();
        rig().until("the end comes back", () -> two.client().hasEnded());
    }
}
