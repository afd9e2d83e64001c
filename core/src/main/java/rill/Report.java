package rill;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Something that a loop noticed and that nobody else was told. */
public sealed interface Report {
    /** The loop's name. */
    String loop();

    /** One line for a person. */
    String message();

    /** The failure behind it, if there is one. */
    default @Nullable Throwable cause() {
        return null;
    }

    /** A Handle or a callback threw. */
    record Thrown(String loop, String what, Throwable cause) implements Report {
        @Override
        public String message() {
            return loop + ": " + what + " threw " + cause;
        }
    }

    /** A Future failed and nobody has looked at it. In tracing mode the cause's suppressed exception says where it was made. */
    record Unobserved(String loop, String what, Throwable cause) implements Report {
        @Override
        public String message() {
            return loop + ": nobody looked at the failure of " + what + ": " + cause;
        }
    }

    /** A connection failed, it has no {@code onFailure}, and nothing was waiting for it. */
    record ConnectionFailed(String loop, String connection, Throwable cause) implements Report {
        @Override
        public String message() {
            return loop + ": " + connection + " failed: " + cause;
        }
    }

    /** A Handle has held the loop for longer than the threshold, and still does. */
    record Slow(String loop, String what, Duration held, List<StackTraceElement> stack) implements Report {
        @Override
        public String message() {
            var text = new StringBuilder(
                    loop + ": " + what + " has held the loop for more than " + held.toMillis() + " ms");
            stack.forEach(frame -> text.append("\n\tat ").append(frame));
            return text.toString();
        }
    }

    /** Accepting was paused because the system refused (no descriptors, no memory). */
    record AcceptPaused(String loop, String listener, Throwable cause) implements Report {
        @Override
        public String message() {
            return loop + ": " + listener + " pauses accepting: " + cause;
        }
    }

    /** Somebody interrupted the loop's own thread. The interrupt was cleared and has no other effect. */
    record Interrupted(String loop) implements Report {
        @Override
        public String message() {
            return loop + ": the loop's thread was interrupted; use Loop.stop() or cancel the Task";
        }
    }

    /** What was still alive when the loop's deadline for closing came. */
    record Survivors(String loop, List<String> names) implements Report {
        @Override
        public String message() {
            return loop + ": still alive when closing was over: " + String.join(", ", names);
        }
    }

    /** Something worth knowing once, such as which engine runs the Tasks; routine if nothing could be better. */
    record Note(String loop, String message, boolean routine) implements Report {}
}
