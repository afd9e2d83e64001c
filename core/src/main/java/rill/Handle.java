package rill;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * A named, cancellable piece of scheduled work: it runs once, on its loop, unless it is cancelled first. Its name shows
 * in reports.
 *
 * <p><b>Threading:</b> any thread.
 */
public final class Handle extends Node {
    private static final VarHandle STATE;

    /** The index of a Handle that is not in the timer queue. */
    static final int NO_TIMER = -1;

    /** The index of a Handle that was in the timer queue and is due. */
    private static final int DUE = -2;

    private static final int SCHEDULED = 0;
    private static final int STARTED = 1;
    private static final int CANCELLED = 2;

    static {
        try {
            STATE = MethodHandles.lookup().findVarHandle(Handle.class, "state", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final BareLoop loop;
    private final String what;
    private final @Nullable Object subject; // the rest of the name, which is seldom needed
    private @Nullable Runnable action; // null once it has run or was cancelled
    private volatile int state = SCHEDULED;

    /** The position in the loop's timer queue; accessed by the loop only. */
    int timerIndex = NO_TIMER;

    private long due; // set when it is due

    Handle(BareLoop loop, String name, Runnable action) {
        this(loop, name, null, action);
    }

    /** Named {@code what} and {@code subject}. */
    Handle(BareLoop loop, String what, @Nullable Object subject, Runnable action) {
        this.loop = loop;
        this.what = what;
        this.subject = subject;
        this.action = action;
    }

    /** The name that it was scheduled under. */
    public String name() {
        return subject == null ? what : what + subject;
    }

    /**
     * Prevents this Handle from running.
     *
     * @return whether this call prevents it from running; false if it has started, has run, or was cancelled before
     */
    public boolean cancel() {
        if (!STATE.compareAndSet(this, SCHEDULED, CANCELLED)) {
            return false;
        }
        action = null;
        loop.timerCancelled(this);
        return true;
    }

    /** Whether {@link #cancel()} was called in time. */
    public boolean isCancelled() {
        return state == CANCELLED;
    }

    @Override
    void execute() {
        Runnable work = action;
        if (work != null && STATE.compareAndSet(this, SCHEDULED, STARTED)) {
            action = null;
            if (timerIndex == DUE) {
                loop.counters().timerRuns(due);
            }
            work.run();
        }
    }

    /** Called when the Handle is taken out of the timer queue to run; {@code deadline} is when it was due. */
    void becomesDue(long deadline) {
        timerIndex = DUE;
        due = deadline;
    }

    /** An action that is notified if its Handle will never run because the loop is closed. */
    interface Discardable {
        void discarded();
    }

    @Override
    void discard() {
        if (action instanceof Discardable left && STATE.compareAndSet(this, SCHEDULED, STARTED)) {
            action = null;
            left.discarded();
        }
    }

    @Override
    String label() {
        return name();
    }

    @Override
    public String toString() {
        return "Handle " + name();
    }
}
