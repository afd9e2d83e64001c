package rill;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Something that a loop noticed and that reached nobody else.
 *
 * <p><b>Not guaranteed:</b> the set of components of each kind: later versions may add some. Read them by name, and leave it to Rill to make such
 * records.
 */
public sealed interface Report {
    /** The loop's name. */
    String loop();

    /** A one-line message for people. */
    String message();

    /** The failure behind it, if there is one. */
    default @Nullable Throwable cause() {
        return null;
    }

    /** A Handle or a callback threw, or something was {@link Loop#report reported}. */
    record Thrown(String loop, String what, Throwable cause) implements Report {
        @Override
        public String message() {
            return loop + ": " + what + " threw " + Failures.describe(cause);
        }
    }

    /**
     * A Future failed and nobody has looked at it; for a Task, within a second. In tracing mode a suppressed exception of the cause shows where it
     * was made.
     */
    record Unobserved(String loop, String what, Throwable cause) implements Report {
        @Override
        public String message() {
            return loop + ": nobody looked at the failure of " + what + ": " + Failures.describe(cause);
        }
    }

    /** A connection failed that has no {@code onFailure}, and nothing was waiting for it. */
    record ConnectionFailed(String loop, String connection, Throwable cause) implements Report {
        @Override
        public String message() {
            return loop + ": " + connection + " failed: " + Failures.describe(cause);
        }
    }

    /**
     * A Handle has held the loop for longer than the threshold, and still does. The message shows only some frames of the stack, preferring those of
     * classes that are neither the JDK's nor Rill's. Time spent loading classes is not counted, within reason.
     */
    record Slow(String loop, String what, Duration held, List<StackTraceElement> stack) implements Report {
        @Override
        public String message() {
            return loop + ": " + what + " has held the loop for more than " + held.toMillis() + " ms"
                    + StackTraces.shortened(stack);
        }
    }

    /** Work is waiting and nobody drives the loop: there is no {@code run}, {@code start}, {@code tick} or {@code await} from outside. */
    record Undriven(String loop, String what, Duration waiting) implements Report {
        @Override
        public String message() {
            return loop + ": nobody drives this loop, and " + what + " has waited for more than " + waiting.toMillis()
                    + " ms; start() or run() it, or await one of its Futures on a thread outside";
        }
    }

    /** Accepting is paused: the system refuses (no descriptors, no memory), or the maximum number of connections is open. */
    record AcceptPaused(String loop, String listener, Throwable cause) implements Report {
        @Override
        public String message() {
            return loop + ": " + listener + " pauses accepting: " + Failures.describe(cause);
        }
    }

    /** The loop's own thread was interrupted. The interrupt was cleared and has no other effect. */
    record Interrupted(String loop) implements Report {
        @Override
        public String message() {
            return loop + ": the loop's thread was interrupted; use Loop.stop() or cancel the Task";
        }
    }

    /** What was still alive when the loop's closing deadline passed. */
    record Survivors(String loop, List<String> names) implements Report {
        @Override
        public String message() {
            return loop + ": still alive when closing was over: " + String.join(", ", names);
        }
    }

    /** Something worth noting once, such as which engine runs the Tasks; routine if there is nothing to improve. */
    record Note(String loop, String message, boolean routine) implements Report {}
}
