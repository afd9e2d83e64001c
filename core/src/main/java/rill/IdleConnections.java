package rill;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Fails connections that are idle for longer than their bound. One timer for all of them checks from time to time whether bytes were received or
 * sent, so no read or write has to read the clock. Created with the first such connection. Confined to the loop.
 */
final class IdleConnections {
    /** How many checks are made within the shortest idle time. */
    private static final int LOOKS = 4;

    private static final long SHORTEST_SLEEP = Duration.ofMillis(1).toNanos();

    private final Loop loop;
    private final Map<Link, Activity> watched = new LinkedHashMap<>();
    private long sleep = Long.MAX_VALUE;
    private @Nullable Handle timer;

    /** The last activity seen of a connection, and since when there was none. */
    private static final class Activity {
        private final Duration limit;
        private long since;
        private long received;
        private long sent;

        Activity(Duration limit) {
            this.limit = limit;
        }
    }

    IdleConnections(Loop loop) {
        this.loop = loop;
    }

    void watch(Link link, Duration limit) {
        var activity = new Activity(limit);
        activity.since = loop.nanoTime();
        watched.put(link, activity);
        long wanted = Math.max(SHORTEST_SLEEP, Loop.nanos(limit) / LOOKS);
        if (timer == null || wanted < sleep) {
            schedule(wanted);
        }
    }

    /** The connection has ended. */
    void forget(Link link) {
        watched.remove(link);
        if (watched.isEmpty() && timer != null) {
            timer.cancel();
            timer = null;
        }
    }

    /** Replaces an earlier timer, which stays if this throws. */
    private void schedule(long after) {
        Handle before = timer;
        timer = loop.schedule(Duration.ofNanos(after), "idle connections", this::lookAround);
        sleep = after;
        if (before != null) {
            before.cancel();
        }
    }

    private void lookAround() {
        timer = null;
        try {
            failIdle(loop.nanoTime());
        } finally { // even if one check fails
            if (!watched.isEmpty()) {
                schedule(sleep);
            }
        }
    }

    private void failIdle(long now) {
        var idle = new ArrayList<Link>();
        watched.forEach((link, activity) -> {
            if (isIdle(link, activity, now)) {
                idle.add(link);
            }
        });
        for (Link each : idle) {
            Activity activity = watched.remove(each);
            if (activity != null) {
                each.attempt(() -> each.failed(tooIdle(each, activity.limit), false));
            }
        }
    }

    private static DeadlineException tooIdle(Link link, Duration limit) {
        return new DeadlineException(link + ": nothing was received or sent for " + Wording.duration(limit));
    }

    private static boolean isIdle(Link link, Activity activity, long now) {
        if (link.gone()) {
            return false;
        }
        long received = link.stack().isEmpty() ? 0 : link.inbound().heard();
        long sent = link.outbound().sent();
        if (received != activity.received || sent != activity.sent || link.isBusy()) {
            activity.since = now;
            activity.received = received;
            activity.sent = sent;
            return false;
        }
        return now - activity.since >= Loop.nanos(activity.limit);
    }
}
