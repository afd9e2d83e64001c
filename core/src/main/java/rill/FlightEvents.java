package rill;

import java.time.Duration;
import java.util.List;

/**
 * What Rill adds to a recording of the JDK's Flight Recorder, if there is one and it records. Otherwise this costs a check of a flag, and only where
 * something has begun, ended or failed. This class is the gate: a run-time image can do without the module {@code jdk.jfr}, and nothing behind this
 * class is loaded before something is recorded.
 */
final class FlightEvents {
    private static final boolean THERE =
            ModuleLayer.boot().findModule("jdk.jfr").isPresent();

    private FlightEvents() {}

    static boolean recording() {
        return THERE && FlightRecords.recording();
    }

    /** Records an event; a failure to record does not harm the loop. */
    static void attempt(BareLoop loop, Runnable record) {
        loop.runReporting("a flight recording", record);
    }

    static void slowHandle(BareLoop loop, String what, Duration held, List<StackTraceElement> stack) {
        if (recording()) {
            attempt(loop, () -> FlightRecords.slowHandle(loop.name(), what, held, stack));
        }
    }
}
