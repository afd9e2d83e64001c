package rill;

import jdk.jfr.Description;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.Throttle;
import jdk.jfr.Timespan;
import org.jspecify.annotations.Nullable;

/**
 * Flight Recorder events of connections, calls and pools; used through {@link ConnectionEvents}. Events that may be very frequent are throttled, by a
 * setting that a recording can change: {@code rill.CallFailed#throttle=off}.
 */
@SuppressWarnings("UnusedVariable") // the fields of an event are read by the recorder
final class ConnectionRecords {
    private static final String RATE = "100/s";

    private ConnectionRecords() {}

    private abstract static class OfConnection extends FlightRecords.OfLoop {
        @Label("Peer")
        @Nullable
        String remoteAddress;

        @Label("Address here")
        @Nullable
        String localAddress;

        @Label("Came in")
        boolean cameIn;

        void of(Link link) {
            loop = link.loop().name();
            remoteAddress = link.remoteAddress().toString();
            localAddress = link.localAddress().toString();
            cameIn = link.cameIn();
        }
    }

    @Name("rill.ConnectionOpened")
    @Label("Connection Opened")
    @Throttle(RATE)
    private static final class Opened extends OfConnection {}

    @Name("rill.ConnectionClosed")
    @Label("Connection Closed")
    @Throttle(RATE)
    private static final class Closed extends OfConnection {
        @Label("Failure")
        @Nullable
        String failure;
    }

    @Name("rill.CallFailed")
    @Label("Call Failed")
    @Throttle(RATE)
    private static final class CallFailed extends FlightRecords.OfLoop {
        @Label("Request")
        @Nullable
        String request;

        @Label("Outcome")
        @Nullable
        String outcome;

        @Label("Latency")
        @Timespan(Timespan.NANOSECONDS)
        long latency;

        @Label("Peer")
        @Nullable
        String remoteAddress;

        @Label("Failure")
        @Nullable
        String failure;
    }

    @Name("rill.Reconnect")
    @Label("Reconnect")
    @Description("A pool has lost a connection, or could not connect, and tries again after a pause")
    private static final class Reconnect extends FlightRecords.OfLoop {
        @Label("Pool")
        @Nullable
        String pool;

        @Label("Attempt")
        @Description("Whether connecting has failed; else a connection was lost")
        boolean attempt;

        @Label("Pause")
        @Timespan(Timespan.NANOSECONDS)
        long pause;

        @Label("Failure")
        @Nullable
        String failure;
    }

    // ---- each is made only if a recording has it enabled

    static void opened(Link link) {
        var event = new Opened();
        if (event.isEnabled()) {
            event.of(link);
            event.commit();
        }
    }

    static void closed(Link link, @Nullable Throwable cause) {
        var event = new Closed();
        if (event.isEnabled()) {
            event.of(link);
            event.failure = cause == null ? null : Failures.inWords(cause);
            event.commit();
        }
    }

    static void callFailed(
            Loop loop, @Nullable Link link, Object request, CallOutcome outcome, long latencyNanos, Throwable failure) {
        var event = new CallFailed();
        if (event.isEnabled()) {
            event.loop = loop.name();
            event.request = Wording.excerpt(request);
            event.outcome = outcome.name();
            event.latency = latencyNanos;
            event.remoteAddress = link == null ? null : link.remoteAddress().toString();
            event.failure = Failures.inWords(failure);
            event.commit();
        }
    }

    static void reconnects(Loop loop, Pool<?, ?> pool, Throwable why, boolean attempt, long pauseNanos) {
        var event = new Reconnect();
        if (event.isEnabled()) {
            event.loop = loop.name();
            event.pool = pool.toString();
            event.attempt = attempt;
            event.pause = pauseNanos;
            event.failure = Failures.inWords(why);
            event.commit();
        }
    }
}
