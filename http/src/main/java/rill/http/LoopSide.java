package rill.http;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import org.jspecify.annotations.Nullable;
import rill.Handle;
import rill.Loop;
import rill.http.wire.HttpFields;

/**
 * The state shared by the connections of one server on one loop: the date, and a timer that checks all of them periodically, so that no request has to
 * read the clock or start a timer. Confined to the loop.
 */
final class LoopSide {
    private static final int LOOKS = 4;
    private static final long DATE_NANOS = 1_000_000_000L;
    private static final long SHORTEST_NANOS = 1_000_000L;

    private final Loop loop;
    private final HttpServerOptions options;
    private final AccessLog accessLog;
    private final Duration period;
    private final int idleLooks;
    private final int progressLooks;
    private @Nullable ServerConnection first;
    private @Nullable Handle timer;
    private int look; // the number of periodic checks so far
    private @Nullable HttpFields date; // while it is current

    LoopSide(Loop loop, HttpServerOptions options) {
        this.loop = loop;
        this.options = options;
        this.accessLog = new AccessLog(options.accessLog(), loop);
        long idle = nanos(options.idleTime());
        long progress = nanos(options.bodyProgressTime());
        long nanos = Math.max(SHORTEST_NANOS, Math.min(idle, progress) / LOOKS);
        period = Duration.ofNanos(nanos);
        idleLooks = looks(idle, nanos);
        progressLooks = looks(progress, nanos);
    }

    private static long nanos(Duration time) {
        return time.compareTo(Duration.ofNanos(Long.MAX_VALUE)) < 0 ? time.toNanos() : Long.MAX_VALUE;
    }

    private static int looks(long time, long period) {
        return (int) Math.min(Integer.MAX_VALUE / 2, (time - 1) / period + 1);
    }

    AccessLog accessLog() {
        return accessLog;
    }

    /** The size from which answers are compressed. */
    int compressFrom() {
        return options.compressFrom();
    }

    // ---- the date

    /** The time of day. */
    Instant now() {
        InstantSource own = options.clock();
        return (own == null ? loop.wallClock() : own).instant();
    }

    /** The Date field of a response made now. */
    HttpFields date() {
        HttpFields known = date;
        if (known == null) {
            known = HttpFields.of("Date", HttpDates.format(now()));
            date = known;
            loop.schedule(Duration.ofNanos(DATE_NANOS), "date of HTTP", () -> date = null);
        }
        return known;
    }

    // ---- periodic checks

    void add(ServerConnection connection) {
        connection.next = first;
        if (first != null) {
            first.previous = connection;
        }
        first = connection;
        if (timer == null) {
            schedule();
        }
    }

    void remove(ServerConnection connection) {
        ServerConnection before = connection.previous;
        ServerConnection after = connection.next;
        if (before != null) {
            before.next = after;
        } else {
            first = after;
        }
        if (after != null) {
            after.previous = before;
        }
        connection.previous = null;
        if (first == null && timer != null) {
            timer.cancel();
            timer = null;
        }
    }

    private void schedule() {
        timer = loop.schedule(period, "idle connections of HTTP", this::lookAfterAll);
    }

    private void lookAfterAll() {
        look++;
        schedule(); // first: the last connection may leave during the checks
        ServerConnection connection = first;
        while (connection != null) {
            ServerConnection after = connection.next;
            connection.lookAfter();
            connection = after;
        }
    }

    /** The number of checks so far: the clock for idleness. */
    int look() {
        return look;
    }

    /** Whether a connection that was last active at this check has been idle for too long. */
    boolean isIdleSince(int since) {
        return look - since >= idleLooks;
    }

    /** Whether a body should have made progress since this check. */
    boolean isProgressDue(int since) {
        return look - since >= progressLooks;
    }
}
