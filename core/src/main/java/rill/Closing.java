package rill;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * How a loop ends.
 *
 * <pre>
 *  open ──close()──▶ FINISHING: no more accepts; accepted connections finish what is in flight,
 *                       │       and then, when no loop that closes with this one needs them, outgoing ones
 *                       │ all connections gone, or the deadline
 *                       ▼
 *                    CANCELLING: every Task gets CancelledException
 *                       │ all Tasks done, or they had their chance
 *                       ▼
 *                    ENDING: survivors are aborted and named; waiting callbacks get their turn
 *                       │ no Handle waits, or enough ticks
 *                       ▼
 *                    closed
 * </pre>
 */
final class Closing {
    /** How many ticks cancelled Tasks have after the deadline to run their clean-up. */
    private static final int TICKS_FOR_CLEANUP = 100;

    private final BareLoop loop;
    private final AtomicBoolean begun = new AtomicBoolean();
    private final List<String> survivors = new ArrayList<>();
    private boolean finishing; // the first phase has begun, on the loop
    private @Nullable Handle deadline;
    private volatile @Nullable Departure departure; // of the loops that close together with this one
    private boolean overdue;
    private volatile boolean leaving; // outgoing connections are no longer needed
    private boolean cancelling;
    private boolean ending;
    private final Look look = new Look();
    private boolean looking; // the look is in the queue
    private int ticksLeft = TICKS_FOR_CLEANUP;
    private int endingTicksLeft = TICKS_FOR_CLEANUP;

    Closing(BareLoop loop) {
        this.loop = loop;
    }

    void close(Duration limit) {
        if (OnLoop.current() != null) {
            throw new IllegalStateException("close of " + loop.name()
                    + " inside a callback or a Task would wait for itself; use stop() here and close it outside");
        }
        start(limit);
        loop.driving().awaitClosed();
        LoggingReporter.INSTANCE.flush(); // the program may be about to end
    }

    /** Begins to close, without waiting for the end. */
    void start(Duration limit) {
        start(limit, null);
    }

    /**
     * {@link #start(Duration)} as one of several loops.
     *
     * @param together the departure of all of them, or null for none
     * @return false if it had begun before
     */
    boolean start(Duration limit, @Nullable Departure together) {
        if (begun.get()) {
            return false;
        }
        long due = loop.nanoTime() + BareLoop.nanos(limit);
        var beginning = new Handle(loop, "close", () -> begin(Duration.ofNanos(due - loop.nanoTime())));
        if (!begun.compareAndSet(false, true)) {
            return false;
        }
        departure = together;
        try {
            loop.enqueue(beginning);
            return true;
        } catch (Throwable t) { // thrown by the loop's driver: the loop may be closed later
            departure = null;
            begun.set(false);
            throw t;
        }
    }

    boolean hasBegun() {
        return begun.get();
    }

    /** Whether nothing may be connected any more. Any thread. */
    boolean connectsNoMore() {
        return leaving;
    }

    /** Whether the loop is closed at the end of a tick, once no Handle waits. */
    boolean ending() {
        return ending;
    }

    private void begin(Duration limit) {
        finishing = true;
        deadline = loop.schedule(limit, "deadline of close", this::deadlinePassed); // first, since the rest may fail
        loop.residents().finishAccepted();
        check();
    }

    private void deadlinePassed() {
        overdue = true;
        check();
    }

    /** Checks whether the next phase can begin; called whenever a connection or a Task ends, and each tick after the deadline. */
    void check() {
        if (!finishing || ending) {
            return;
        }
        if (!leaving && (overdue || (loop.residents().acceptedAreDone() && othersAreReady()))) {
            leaving = true;
            loop.residents().finishAll();
        }
        if (leaving && !cancelling && (overdue || loop.residents().isEmpty())) {
            cancelling = true;
            cancelTasks();
        }
        if (!cancelling) {
            return;
        }
        if (loop.tasks().isEmpty() && (overdue || loop.residents().isEmpty())) {
            finish();
        } else if (overdue) {
            lookInEachTick();
        }
    }

    private boolean othersAreReady() {
        ready();
        Departure together = departure;
        return together == null || together.allReady();
    }

    /** Tells the loops that close together with this one that it keeps none of them waiting. */
    void ready() {
        Departure together = departure;
        if (together != null) {
            together.ready(loop);
        }
    }

    /** Checks once per tick. Each ending connection and Task also asks for a {@link #check}, but that counts no ticks. */
    private void lookInEachTick() {
        if (!looking) {
            looking = true;
            loop.enqueue(look);
        }
    }

    /** The check of one tick after the deadline. */
    private final class Look extends Node {
        @Override
        void execute() {
            looking = false;
            if (!ending && ticksLeft-- == 0) {
                finish();
            } else {
                check();
            }
        }

        @Override
        String label() {
            return "close";
        }
    }

    private void cancelTasks() {
        loop.tasks().forEach(task -> loop.runReporting("the cancellation of ", task, task::cancel));
    }

    void taskBegins(Task<?> task) {
        if (cancelling) {
            task.cancel();
        }
    }

    private void finish() {
        ending = true;
        if (deadline != null) {
            deadline.cancel();
        }
        loop.runReporting("the names of what survives", this::nameTasks);
        loop.runReporting("the names of what survives", () -> loop.residents().nameTo(survivors));
        loop.residents().abortAll();
    }

    private void nameTasks() {
        loop.tasks().forEach(task -> survivors.add(task.situation()));
    }

    /** Dependents of what has just been settled are still notified; then the loop is closed. */
    void endOfTick() {
        if (ending && (!loop.ticking().hasWork() || endingTicksLeft-- == 0)) {
            loop.closeNow();
        }
    }

    void tellOfSurvivors() {
        if (!survivors.isEmpty()) {
            loop.report(new Report.Survivors(loop.name(), List.copyOf(survivors)));
        }
    }

    /** Its host has lost power: everything is released, and nothing on this loop is notified. */
    void lost(Throwable cause) {
        begun.set(true);
        leaving = true;
        ending = true;
        cancelling = true;
        try {
            loop.residents().failAll(cause);
        } finally {
            loop.closeNow();
        }
    }

    /** The selector failed: an orderly end is no longer possible. */
    void broken(Throwable cause) {
        begun.set(true);
        leaving = true;
        ending = true;
        cancelling = true;
        try {
            loop.residents().stopListening();
            loop.residents().failAll(cause);
            cancelTasks();
            loop.ticking().runLeftovers(TICKS_FOR_CLEANUP);
            nameTasks();
        } catch (Throwable t) { // no memory, for example: those who wait for the loop must still be notified
            loop.threw("closing", null, t);
        } finally {
            loop.closeNow();
        }
    }
}
