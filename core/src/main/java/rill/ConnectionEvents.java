package rill;

import org.jspecify.annotations.Nullable;

/** The {@link FlightEvents} of connections, calls and pools. */
final class ConnectionEvents {
    private ConnectionEvents() {}

    static void opened(Link link) {
        if (FlightEvents.recording()) {
            FlightEvents.attempt(link.loop(), () -> ConnectionRecords.opened(link));
        }
    }

    static void closed(Link link, @Nullable Throwable cause) {
        if (FlightEvents.recording()) {
            FlightEvents.attempt(link.loop(), () -> ConnectionRecords.closed(link, cause));
        }
    }

    static void callFailed(
            Loop loop, @Nullable Link link, Object request, CallOutcome outcome, long since, Throwable failure) {
        if (FlightEvents.recording()) {
            long latency = loop.nanoTime() - since;
            FlightEvents.attempt(
                    loop, () -> ConnectionRecords.callFailed(loop, link, request, outcome, latency, failure));
        }
    }

    /** A pool has lost a connection, or could not connect; it tries again after the pause. */
    static void reconnects(Loop loop, Pool<?, ?> pool, Throwable why, boolean attempt, long pauseNanos) {
        if (FlightEvents.recording()) {
            FlightEvents.attempt(loop, () -> ConnectionRecords.reconnects(loop, pool, why, attempt, pauseNanos));
        }
    }
}
