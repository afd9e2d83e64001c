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
 *  open ──close()──▶ FINISHING: no more accepts; connections that came in finish what is in flight,
 *                       │       and then, no longer needed, those that were opened from here
 *                       │ all connections gone, or the deadline
 *                       ▼
 *                    CANCELLING: every Task sees CancelledException
 *                       │ all Tasks done, or they had their chance
 *                       ▼
 *                    ENDING: survivors are aborted and named; callbacks that wait get their turn
 *                       │ no Handle waits, or enough ticks
 *                       ▼
 *                    closed
 * </pre>
 */
final class Closing {
    /** How many ticks cancelled Tasks have, after the deadline, to run their clean-up. */
    private static final int TICKS_FOR_CLEANUP = 100;

    private final BareLoop loop;
    private final AtomicBoolean begun = new AtomicBoolean();
    private final List<String> survivors = new ArrayList<>();
    private @Nullable Handle deadline;
    private boolean overdue;
    private boolean leaving; // nobody here needs connections of our own any more
    private boolean cancelling;
    private boolean ending;
    private final Look look = new Look();
    private boolean looking; // that waits in the queue
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
        LoggingReporter.INSTANCE.flush(); // the program may be at its end
    }

    /** Without waiting for the end. */
    void start(Duration limit) {
        if (begun.get()) {
            return;
        }
        long due = loop.nanoTime() + BareLoop.nanos(limit);
        var beginning = new Handle(loop, "close", () -> begin(Duration.ofNanos(due - loop.nanoTime())));
        if (begun.compareAndSet(false, true)) {
            try {
                loop.enqueue(beginning);
            } catch (Throwable t) { // of whoever drives the loop: it may be closed another time
                begun.set(false);
                throw t;
            }
        }
    }

    boolean hasBegun() {
        return begun.get();
    }

    /** Whether nothing may be connected any more. */
    boolean connectsNoMore() {
        return leaving;
    }

    /** Whether it is closed at the end of a tick, once no Handle waits. */
    boolean ending() {
        return ending;
    }

    private void begin(Duration limit) {
        deadline = loop.schedule(limit, "deadline of close", this::deadlinePassed); // first: the rest may fail
        loop.residents().finishAccepted();
        check();
    }

    private void deadlinePassed() {
        overdue = true;
        check();
    }

    /** Looks whether the next phase can begin; called whenever a connection or a Task ends, and each tick after the deadline. */
    void check() {
        if (!begun.get() || ending) {
            return;
        }
        if (!leaving && (overdue || loop.residents().acceptedAreDone())) {
            leaving = true;
            loop.residents().finishAll();
        }
        if (!cancelling && (overdue || loop.residents().isEmpty())) {
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

    /** However many connections and Tasks end meanwhile: each asks for a {@link #check}, and that counts no ticks. */
    private void lookInEachTick() {
        if (!looking) {
            looking = true;
            loop.enqueue(look);
        }
    }

    /** One tick after the deadline. */
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

    /** What has just been settled is still told to those who asked for it; then the loop is closed. */
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

    /** Its host has lost its power: everything is given back, and nobody on this loop hears of it. */
    void lost(Throwable cause) {
        begun.set(true);
        ending = true;
        cancelling = true;
        try {
            loop.residents().failAll(cause);
        } finally {
            loop.closeNow();
        }
    }

    /** The selector failed: nothing orderly is possible any more. */
    void broken(Throwable cause) {
        begun.set(true);
        ending = true;
        cancelling = true;
        try {
            loop.residents().stopListening();
            loop.residents().failAll(cause);
            cancelTasks();
            loop.ticking().runLeftovers(TICKS_FOR_CLEANUP);
            nameTasks();
        } catch (Throwable t) { // no memory, say: whoever waits for the loop has to be told all the same
            loop.threw("closing", null, t);
        } finally {
            loop.closeNow();
        }
    }
}
