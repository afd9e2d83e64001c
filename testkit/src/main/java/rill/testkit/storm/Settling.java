package rill.testkit.storm;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import rill.Connection;
import rill.Listener;
import rill.Loop;
import rill.ProtocolException;

/**
 * The end of a program. First everything that holds anything up is released, and everything in flight arrives: streams have to be whole, calls
 * answered, writes done. Then everything is closed in order and has to come back, the loops last.
 */
final class Settling {
    private static final Duration LONG = Duration.ofHours(1); // of virtual time
    private static final Duration CLOSING = Duration.ofSeconds(30);
    private static final Duration FINISHING = Duration.ofMillis(100);
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final Run run;
    private final World world;
    private final Ledger ledger;
    private @Nullable Due due; // according to the last look

    Settling(Run run) {
        this.run = run;
        this.world = run.world();
        this.ledger = run.ledger();
    }

    void settle() {
        brokenOnesAreClosed();
        release();
        world.join();
        // What has not arrived when virtual time has nothing left to do never will; threads are waited for.
        world.until(
                world.virtual() ? LONG : PATIENCE,
                () -> ledger.violation() != null || (!world.virtual() && hasArrived()));
        if (world.virtual()) {
            due = stillDue();
        }
        run.deadlines().check();
        run.check();
        failuresHaveReasons();
        everybodyIsTold();
        everythingHasCome();
        nobodyElseCloses();
        controlIsUndisturbed();
        oneSuffers();
        run.check();
        closeConnections();
        if (!world.virtual()) {
            world.until(FINISHING, () -> ledger.violation() != null || hasClosed());
            closeCallers();
        }
        world.until(CLOSING, () -> ledger.violation() != null || (!world.virtual() && hasClosed()));
        run.check();
        everythingIsClosed();
        run.check();
        closeLoops();
        run.accounts().closed(run.loops().opened());
        everythingIsSettled();
        everythingIsBack();
        run.check();
    }

    // ---- first

    /** An end that is not paused notices that the peer has reset the connection, even if nobody receives what was sent before. */
    private void brokenOnesAreClosed() {
        var broken = new ArrayList<End>();
        for (int id = 0; id < 2 * Run.CONNECTIONS; id++) {
            End end = run.end(id);
            if (end != null && !end.isClosed() && end.hearsOfPeer() && world.virtual()) {
                broken.add(end);
            }
        }
        if (broken.isEmpty()) {
            return;
        }
        world.until(LONG, () -> broken.stream().allMatch(End::isClosed));
        for (End end : broken) {
            if (!end.isClosed() && end.hearsOfPeer()) {
                ledger.violated(
                        2,
                        "closed() of " + end + " does not settle, although the peer has reset the connection: "
                                + end.state() + stateOf(run.end(end.id ^ 1)));
            }
        }
    }

    private void release() {
        run.judge().allowSurvivors(false);
        run.settles();
        for (int id = 0; id < 2 * Run.CONNECTIONS; id++) {
            disarm(run.end(id));
        }
        for (int i = 0; i < Run.CLIENTS; i++) {
            disarm(run.caller(i));
        }
        for (int i = 0; i < Run.LISTENERS; i++) {
            disarm(run.server(i));
        }
        for (Runnable each : run.takeBeforeSettling()) {
            run.attempt(each);
        }
        for (int i = 0; i < Run.LISTENERS; i++) {
            Server server = run.server(i);
            Listener listener = server == null ? null : server.listener();
            if (listener != null) {
                run.attempt(listener::resume);
            }
        }
        for (int id = 0; id < 2 * Run.CONNECTIONS; id++) {
            End end = run.end(id);
            Loop loop = end == null ? null : end.loop();
            if (end != null && loop != null && !run.loops().closing(loop)) {
                run.onLoop(
                        loop,
                        () -> run.attempt(() -> {
                            end.release();
                            end.receiving().drain();
                        }));
            }
        }
    }

    private static void disarm(@Nullable Actor actor) {
        if (actor != null) {
            actor.disarm();
        }
    }

    private void failuresHaveReasons() {
        for (int id = 0; id <= 2 * Run.CONTROL + 1; id++) {
            End end = run.end(id);
            Throwable cause = end == null ? null : end.failing().unexplained();
            if (end != null
                    && cause != null
                    && !run.refusesMemory()) { // the failure may have gone to a Future that nobody looks at
                ledger.violated(
                        cause instanceof ProtocolException ? 1 : 4,
                        end + " has failed for no reason: " + cause + "; " + end.state() + stateOf(run.end(id ^ 1)));
            }
        }
    }

    private void everybodyIsTold() {
        if (run.judge().untold() > 0) {
            ledger.violated(7, run.judge().untold() + " Tasks have failed that nobody awaits, and nobody was told");
        }
    }

    /** Something that has to arrive, and the law broken if it does not. */
    private record Due(int law, String what) {}

    /** Returns something that has still to arrive, once nothing is held up any more; null if nothing has. */
    private @Nullable Due stillDue() {
        for (int id = 0; id <= 2 * Run.CONTROL + 1; id++) {
            End end = run.end(id);
            Due due = end == null ? null : dueFrom(end, run.end(id ^ 1));
            if (due != null) {
                return due;
            }
        }
        for (int i = 0; i < Run.CLIENTS; i++) {
            Caller caller = run.caller(i);
            String pending = caller == null || !world.virtual() ? null : caller.pending();
            if (pending != null) {
                return new Due(6, pending);
            }
            if (caller != null && !caller.mayHaveInFlight()) {
                int inFlight = run.ask(Loops.of(caller.connected), caller::inFlight);
                if (inFlight != 0) {
                    return new Due(
                            5, caller + " counts " + inFlight + " calls without an answer, and all were answered");
                }
            }
        }
        return null;
    }

    private @Nullable Due dueFrom(End end, @Nullable End peer) {
        if (end.connection() == null) {
            return null;
        }
        // An accepted end is known before its loop has attached its connection.
        if (peer == null || peer.connection() == null) {
            return end.troubled() || !end.mustBeAccepted()
                    ? null
                    : new Due(4, end + " is connected, and nobody was told at the other end: " + end.state());
        }
        String missing = end.missingAt(peer);
        if (missing != null) {
            return mayBeLost(end, peer)
                    ? null
                    : new Due(
                            1,
                            peer + " has not received what " + end + " wrote: " + missing + "; " + end.state()
                                    + peer.state());
        }
        // Before anything is closed: that would settle what should have been settled by what it waits for.
        String unsettled = mayBeUnsettled(end, peer) ? null : end.sending().unsettled();
        return unsettled == null ? null : new Due(2, unsettled + "; " + end.state() + peer.state());
    }

    /** Whether a write or flush of an end may still wait, or have failed. */
    private boolean mayBeUnsettled(End end, End peer) {
        return end.troubled()
                || peer.troubled()
                || end.failing().carriedOn() > 0
                || end.became()
                || run.refusesMemory();
    }

    /**
     * Whether everything has arrived. What was due is kept for the verdict, which must not ask again: with threads, an echo may have been written
     * since.
     */
    private boolean hasArrived() {
        due = stillDue();
        for (int id = 0; id <= 2 * Run.CONTROL + 1; id++) {
            End end = run.end(id);
            Loop connects = end == null ? null : end.connectsOn;
            if (connects != null && !run.loops().closing(connects)) {
                return false;
            }
        }
        for (int i = 0; i < Run.CLIENTS; i++) {
            Caller caller = run.caller(i);
            if (caller != null && !caller.connected.isDone() && !run.loops().closing(Loops.of(caller.connected))) {
                return false;
            }
        }
        return due == null
                && run.judge().untold() == 0
                && Objects.requireNonNull(run.end(2 * Run.CONTROL)).arrivals().count() >= run.pings();
    }

    private void everythingHasCome() {
        if (due != null) {
            ledger.violated(due.law(), due.what());
        }
    }

    private void nobodyElseCloses() {
        for (int id = 0; id < 2 * Run.CONNECTIONS; id++) {
            End end = run.end(id);
            End peer = run.end(id ^ 1);
            if (end == null || end.connection() == null || peer == null || peer.connection() == null) {
                continue;
            }
            boolean ended = peer.shut || (peer.closesAtEnd() && end.shut);
            if (end.isClosed()
                    && !run.refusesMemory()
                    && !end.troubled()
                    && !peer.troubled()
                    && !end.failing().hasReasonOfItsOwn()
                    && !peer.failing().hasReasonOfItsOwn()
                    && !end.endSeen
                    && !(ended && end.closesAtEnd())) {
                ledger.violated(4, end + " was closed, and nobody has closed it: " + end.state() + peer.state());
            }
        }
    }

    private boolean hasClosed() {
        for (int id = 0; id <= 2 * Run.CONTROL + 1; id++) {
            End end = run.end(id);
            if (end != null && !end.isClosed()) {
                return false;
            }
        }
        for (int i = 0; i < Run.CLIENTS; i++) {
            Caller caller = run.caller(i);
            // Its calls are Futures of any loop, which would be closed before they are done.
            if (caller != null && !caller.hasEnded()) {
                return false;
            }
        }
        for (Loop loop : run.loops().opened()) {
            if (loop != null
                    && !loop.isClosed()
                    && (loop.connections() != 0 || !aliveOn(loop).isEmpty())) {
                return false;
            }
        }
        return true;
    }

    /** Returns what is alive on a loop, timers included. */
    private List<String> aliveOn(Loop loop) {
        return run.ask(loop, () -> {
            var alive = new ArrayList<>(loop.alive());
            alive.removeIf(each -> each.startsWith("Task main")); // a world may drive the loop in this way
            if (world.virtual()) { // a thread that drives the loop may have timers of its own
                loop.nextTimer().ifPresent(at -> alive.add("a timer in " + (at - loop.nanoTime()) + " ns"));
            }
            return alive;
        });
    }

    /** Whether some of what one end wrote need not arrive at the other. */
    private boolean mayBeLost(End end, End peer) {
        boolean peerGone = peer.closedHere
                || peer.aborted
                || peer.failing().hasFailed()
                || peer.planted
                || peer.disturbed
                || peer.loopClosed();
        boolean gone = end.aborted
                || end.failing().hasFailed()
                || end.planted
                || end.disturbed
                || end.loopClosed()
                || end.rubbish;
        boolean impatient = end.closedHere && (peer.everHeldUp || end.marks != Step.Marks.USUAL) && end.mayHaveReset();
        // It closes on its own at the end of the peer's stream: what other threads write after that is too late.
        boolean closedByItself = end.closesAtEnd() && peer.shut && end.isClosed();
        // A new layer that has to say hello no longer can.
        boolean mute = end.became() && (end.outputEnds || peer.outputEnds);
        boolean hit = run.refusesMemory() && (end.isClosed() || peer.isClosed());
        return peerGone || gone || impatient || closedByItself || mute || hit;
    }

    /** At most one piece of memory was refused, so only one connection suffers. */
    private void oneSuffers() {
        var suffering = new ArrayList<End>();
        for (int id = 0; id <= 2 * Run.CONTROL + 1; id++) {
            End end = run.end(id);
            if (end != null && end.failing().wasRefusedMemory()) {
                suffering.add(end);
            }
        }
        if (suffering.size() > 1) {
            ledger.violated(
                    4, "one piece of memory was refused, and several connections have failed for it: " + suffering);
        }
    }

    private void controlIsUndisturbed() {
        End control = Objects.requireNonNull(run.end(2 * Run.CONTROL));
        End other = Objects.requireNonNull(run.end(2 * Run.CONTROL + 1));
        if (control.failing().wasRefusedMemory() || other.failing().wasRefusedMemory()) { // may be the one that suffers
            return;
        }
        if (control.failing().hasFailed() || other.failing().hasFailed() || control.isClosed() || other.isClosed()) {
            ledger.violated(4, "a connection that did nothing but ping has ended: " + control.state() + other.state());
        } else if (control.arrivals().count() != run.pings()) {
            ledger.violated(
                    4,
                    "a connection that did nothing but ping has had "
                            + control.arrivals().count() + " answers to " + run.pings());
        }
    }

    // ---- then

    private void closeConnections() {
        for (Connection<Object, Object> orphan : run.takeOrphans()) {
            Loop loop = orphan.loop();
            run.onLoop(loop, () -> run.attempt(orphan::close));
        }
        for (int id = 0; id <= 2 * Run.CONTROL + 1; id++) {
            End end = run.end(id);
            Connection<Object, Object> connection = end == null ? null : end.connection();
            if (end != null && connection != null && (id % 2 == 0 || end.pushes())) {
                end.noteClosed();
                run.attempt(connection::close);
            }
        }
        for (int i = 0; i < Run.CLIENTS; i++) {
            Caller caller = run.caller(i);
            if (caller != null) {
                run.attempt(() -> caller.close(true));
            }
        }
        for (int i = 0; i <= Run.LISTENERS; i++) {
            Server server = run.server(i);
            Listener listener = server == null ? null : server.listener();
            if (listener != null) {
                run.attempt(listener::close);
            }
        }
    }

    /** In real time, calls that are still waiting for a connection are not waited for until their deadlines. */
    private void closeCallers() {
        for (int i = 0; i < Run.CLIENTS; i++) {
            Caller caller = run.caller(i);
            if (caller != null && !caller.hasEnded()) {
                run.attempt(() -> caller.close(false));
            }
        }
    }

    private void everythingIsClosed() {
        for (int id = 0; id <= 2 * Run.CONTROL + 1; id++) {
            End end = run.end(id);
            if (end != null && !end.isClosed()) {
                ledger.violated(
                        2, "closed() of " + end + " does not settle: " + end.state() + stateOf(run.end(id ^ 1)));
            }
        }
        for (Loop loop : run.loops().opened()) {
            if (run.loops().closing(loop)) {
                if (!run.loops().closingWanted(loop)) {
                    ledger.violated(4, loop + " has closed by itself");
                }
                continue;
            }
            if (loop.connections() != 0 && mayNotHaveHeard()) {
                continue;
            }
            if (loop.connections() != 0) {
                ledger.violated(
                        3,
                        loop + " counts " + loop.connections() + " connections, and all are closed: " + aliveOn(loop));
            }
            List<String> alive = aliveOn(loop);
            if (!alive.isEmpty()) {
                ledger.violated(3, "alive on " + loop + ", and everything is over: " + alive);
            }
            run.accounts().settled(loop, world.virtual());
            List<String> held = world.virtual() ? Reach.surplusOf(loop) : List.of();
            if (!held.isEmpty()) {
                ledger.violated(
                        3,
                        loop.name() + " holds on to what is over: " + held.getFirst() + " (" + held.size()
                                + " in all)");
            }
        }
    }

    /** Whether a client's reset may have been lost, so that its server never learns that it is gone. */
    private boolean mayNotHaveHeard() {
        boolean clients = false;
        for (int i = 0; i < Run.CLIENTS; i++) {
            clients |= run.caller(i) != null;
        }
        return clients && world.losesResets();
    }

    private static String stateOf(@Nullable End end) {
        return end == null ? "" : end.state();
    }

    // ---- last

    private void closeLoops() {
        for (Loop loop : run.loops().opened()) {
            if (!loop.isClosed()) {
                run.loops().noteClosing(run.loops().numberOf(loop));
                run.attempt(() -> loop.close(Duration.ofSeconds(5)));
                if (!loop.isClosed()) {
                    ledger.violated(2, "close of " + loop + " has returned, and it is not closed");
                }
            }
        }
    }

    private void everythingIsSettled() {
        for (Ledger.Given each : ledger.futures()) {
            if (!each.future.isDone() && !each.waitsForTime) {
                ledger.violated(2, each + " does not settle, and everything is closed: " + each.future);
            } else if (each.future.isCancelled()
                    && !each.mayBeCancelled
                    && !each.waitsForTime
                    && !run.loops().closedEarly(Loops.of(each.future))) {
                ledger.violated(2, each + " was cancelled, and nobody has cancelled it: " + each.future);
            }
            if (each.what.startsWith("closed()") && each.future.failure() != null && !each.mayBeCancelled) {
                ledger.violated(2, each + " has failed: " + each.future.failure());
            }
        }
    }

    private void everythingIsBack() {
        List<Ledger.Counted> held = ledger.held();
        if (!held.isEmpty()) {
            var text = new ArrayList<String>();
            held.stream()
                    .limit(5)
                    .forEach(each -> text.add(each + ", " + each.thing().refCnt() + " references"));
            ledger.violated(3, "not released: " + held.getFirst().what() + " (" + held.size() + " in all) " + text);
        }
        List<String> left = world.left();
        if (!left.isEmpty()) {
            ledger.violated(3, "left in the transport after everything was closed: " + left);
        }
    }
}
