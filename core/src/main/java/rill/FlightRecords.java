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
 * Events of loops for the Flight Recorder; {@link FlightEvents} is the way to them. None has the stack of who commits it, which is Rill's. Those of connections are
 * {@link ConnectionRecords}.
 */
@SuppressWarnings("UnusedVariable") // the fields of an event are read by the recorder
final class FlightRecords {
    private FlightRecords() {}

    /** Whether a recorder has ever been asked for; without one no event need be made ready. */
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
