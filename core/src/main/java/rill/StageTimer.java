package rill;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** The timer of a session. If it is put off again and again, as an idle timeout is, it costs a Handle only when one comes due. */
final class StageTimer {
    private final BareLoop loop;
    private final Object session; // in words
    private final Runnable expired;
    private @Nullable Handle handle;
    private long handleDue;
    private long deadline; // when the session wants to be called

    StageTimer(BareLoop loop, Object session, Runnable expired) {
        this.loop = loop;
        this.session = session;
        this.expired = expired;
    }

    /** Starts it, instead of what was started before. */
    void start(Duration after) {
        deadline = loop.nanoTime() + BareLoop.nanos(after);
        if (handle != null && deadline - handleDue < 0) {
            stop();
        }
        if (handle == null) {
            schedule(after);
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
        if (handle != null) {
            handle.cancel();
            handle = null;
        }
    }
}
