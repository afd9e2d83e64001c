package rill;

import java.time.Duration;
import java.util.List;

/**
 * What Rill adds to a recording of the JDK's Flight Recorder, where there is one and it records; else this costs a look at a flag, and only where
 * something has begun, ended or failed. It is the gate: a run-time image need not have the module {@code jdk.jfr}, and nothing behind this is loaded before
 * something is recorded.
 */
final class FlightEvents {
    private static final boolean THERE =
            ModuleLayer.boot().findModule("jdk.jfr").isPresent();

    private FlightEvents() {}

    static boolean recording() {
        return THERE && FlightRecords.recording();
    }

    /** Whatever goes wrong with a recording harms nothing of what it is about. */
    static void attempt(BareLoop loop, Runnable record) {
        loop.runReporting("a flight recording", record);
    }

    static void slowHandle(BareLoop loop, String what, Duration held, List<StackTraceElement> stack) {
        if (recording()) {
            attempt(loop, () -> FlightRecords.slowHandle(loop.name(), what, held, stack));
        }
    }
}
