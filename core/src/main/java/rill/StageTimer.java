package rill;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The timer of a session. If it is postponed again and again, as an idle timeout is, it costs a Handle only when one is due.
 *
 * <pre>
 *           start                        due
 *  STOPPED ───────▶ RUNNING ───────────────────▶ STOPPED, and the session is notified
 *     │ await          ▲ the layers below are ready
 *     └───▶ AWAITING ──┘
 * </pre>
 */
final class StageTimer {
    private final BareLoop loop;
    private final Object session; // for messages
    private final Runnable expired;
    private @Nullable Handle handle;
    private long handleDue;
    private long deadline; // when the session wants to be called
    private @Nullable Duration awaiting; // the delay that starts once the layers below are ready

    StageTimer(BareLoop loop, Object session, Runnable expired) {
        this.loop = loop;
        this.session = session;
        this.expired = expired;
    }

    /** Starts the timer, replacing an earlier start. */
    void start(Duration after) {
        awaiting = null;
        deadline = loop.nanoTime() + BareLoop.nanos(after);
        if (handle != null && deadline - handleDue < 0) {
            stop();
        }
        if (handle == null) {
            schedule(after);
        }
    }

    /** Starts the timer once the layers below are ready, replacing an earlier start. */
    void await(Duration after) {
        stop();
        awaiting = after;
    }

    /** The layers below are ready. */
    void goOn() {
        if (awaiting != null) {
            start(awaiting);
        }
    }

    private void schedule(Duration after) {
        handleDue = deadline;
        handle = loop.schedule(after, "timer of a session of " + session, this::due);
    }

    private void due() {
        handle = null;
        long left = deadline - loop.nanoTime();
        if (left > 0) {
            schedule(Duration.ofNanos(left));
        } else {
            expired.run();
        }
    }

    void stop() {
        awaiting = null;
        if (handle != null) {
            handle.cancel();
            handle = null;
        }
    }
}
