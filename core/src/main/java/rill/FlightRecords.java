package rill;

import java.time.Duration;
import java.util.List;
import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.FlightRecorder;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;
import org.jspecify.annotations.Nullable;

/**
 * Flight Recorder events of loops; used through {@link FlightEvents}. None has a stack trace, which would be Rill's own. Those of connections are in
 * {@link ConnectionRecords}.
 */
@SuppressWarnings("UnusedVariable") // the fields of an event are read by the recorder
final class FlightRecords {
    private FlightRecords() {}

    /** Whether a recorder was ever requested; otherwise no event has to be prepared. */
    static boolean recording() {
        return FlightRecorder.isInitialized();
    }

    @Category("Rill")
    @StackTrace(false)
    abstract static class OfLoop extends Event {
        @Label("Loop")
        @Nullable
        String loop;
    }

    @Name("rill.SlowHandle")
    @Label("Slow Handle")
    @Description("A Handle has held its loop for longer than the threshold, and still does")
    private static final class SlowHandle extends OfLoop {
        @Label("Handle")
        @Nullable
        String handle;

        @Label("Held")
        @Timespan(Timespan.NANOSECONDS)
        long held;

        @Label("Stack")
        @Nullable
        String stack;
    }

    static void slowHandle(String loop, String what, Duration held, List<StackTraceElement> stack) {
        var event = new SlowHandle();
        if (event.isEnabled()) {
            event.loop = loop;
            event.handle = what;
            event.held = held.toNanos();
            event.stack = StackTraces.shortened(stack).strip();
            event.commit();
        }
    }
}
