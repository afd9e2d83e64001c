package rill.bench;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;
import rill.bench.Contest.Outcome;

/**
 * A period of time in which messages are counted, together with their cost.
 *
 * <p>Two marks are taken. Each reads the counts and then the processor times. The two readings of a mark are microseconds apart, and the two marks
 * are seconds apart.
 */
final class Window {
    private static final double PERCENT = 100;
    private static final long GIVE_UP_NANOS = TimeUnit.SECONDS.toNanos(30);

    /** Where there are so many times as many messages as are in flight, a connection without any has been forgotten. */
    private static final long TURNS = 10;

    private final Child counting;
    private final Child measured;
    private final Child other;

    /**
     * What is looked at.
     *
     * @param counting knows how many messages there were
     * @param measured causes the cost that is measured; may be the same
     * @param other is the other end, which may be what limits the rate
     */
    Window(Child counting, Child measured, Child other) {
        this.counting = counting;
        this.measured = measured;
        this.other = other;
    }

    private record Mark(
            long count,
            long nanos,
            long late,
            long waiting,
            long kept,
            long connections,
            long silent,
            @Nullable String latency,
            long allocated,
            Cpu cpu,
            Cpu others) {}

    /** Warms up and measures a closed loop; on a machine that is slow to begin, for longer than requested. */
    Outcome measure(Profile profile) throws IOException {
        Mark begin = warm(profile);
        Mark end = after(begin, profile.seconds());
        requireAllHeard(begin, end);
        Map<String, Double> figures = new LinkedHashMap<>();
        figures.put(Figure.RATE.key, perSecond(begin, end));
        figures.put(Figure.OTHER_BUSY.key, end.others.since(begin.others).total() / nanos(begin, end) * PERCENT);
        addCosts(figures, begin, end);
        return new Outcome(figures);
    }

    /**
     * Warms up, and measures latencies at a fixed rate. What was due in the window and has no answer at its end has no latency; how much that is, is
     * among the figures. The load never sleeps, so its usage would be meaningless.
     *
     * @param perSecond the rate of the load
     */
    Outcome measureAt(double perSecond, Profile profile) throws IOException {
        Mark begin = warm(profile);
        Bench.pass(profile.seconds());
        Mark end = mark();
        Histogram latency = parse(end.latency);
        if (latency == null) {
            throw new IOException("fell behind so far that no message that was due in the window was answered in it; "
                    + end.waiting + " are waiting");
        }
        requireAllHeard(begin, end);
        Map<String, Double> figures = new LinkedHashMap<>();
        addQuantiles(figures, latency);
        figures.put(Figure.ASKED.key, perSecond);
        figures.put(Figure.SENT.key, perSecond(begin, end));
        figures.put(Figure.LATE.key, (double) (end.late - begin.late));
        figures.put(Figure.WAITING.key, (double) end.waiting);
        addCosts(figures, begin, end);
        return new Outcome(figures, latency);
    }

    private Mark warm(Profile profile) throws IOException {
        Mark start = mark(); // loads whatever a mark needs
        return after(start, profile.warmUpSeconds());
    }

    /** A server that has stopped answering on some of its connections may be all the faster on the others. */
    private static void requireAllHeard(Mark begin, Mark end) throws IOException {
        long messages = end.count - begin.count;
        if (end.silent > 0 && messages >= end.kept * TURNS) {
            throw new IOException("not one message came back on " + end.silent + " of " + end.connections
                    + " connections, while " + messages + " did on the others");
        }
    }

    /** Returns the next mark before which at least one message arrived. */
    private Mark after(Mark last, double seconds) throws IOException {
        long start = System.nanoTime();
        while (true) {
            Bench.pass(seconds);
            Mark mark = mark();
            if (mark.count > last.count) {
                return mark;
            }
            if (System.nanoTime() - start > GIVE_UP_NANOS) {
                throw new IOException(
                        "not one message came in " + TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - start) + " s");
            }
        }
    }

    private Mark mark() throws IOException {
        Map<String, String> counts = counting.ask("mark");
        Cpu cpu = measured.cpu();
        Cpu others = other.cpu();
        Map<String, String> own = measured == counting ? counts : measured.ask("mark");
        return new Mark(
                number(counts, "count"),
                number(counts, "ns"),
                number(counts, "late"),
                number(counts, "waiting"),
                number(counts, "kept"),
                number(counts, "connections"),
                number(counts, "silent"),
                counts.get("latency"),
                own.containsKey("allocated") ? number(own, "allocated") : -1,
                cpu,
                others);
    }

    private static long number(Map<String, String> values, String key) {
        return Long.parseLong(values.getOrDefault(key, "0"));
    }

    private static double nanos(Mark begin, Mark end) {
        return end.nanos - begin.nanos;
    }

    private static double perSecond(Mark begin, Mark end) {
        return (end.count - begin.count) / nanos(begin, end) * 1e9;
    }

    private static void addCosts(Map<String, Double> figures, Mark begin, Mark end) throws IOException {
        double messages = end.count - begin.count;
        end.cpu.requireAllAliveSince(begin.cpu);
        Cpu cpu = end.cpu.since(begin.cpu);
        figures.put(Figure.CPU.key, cpu.total() / messages);
        figures.put(Figure.USER.key, cpu.user() / messages);
        figures.put(Figure.SYSTEM.key, cpu.system() / messages);
        if (end.allocated >= 0) {
            figures.put(Figure.ALLOCATED.key, (end.allocated - begin.allocated) / messages);
        }
        figures.put(Figure.BUSY.key, cpu.total() / nanos(begin, end) * PERCENT);
    }

    private static void addQuantiles(Map<String, Double> figures, Histogram latency) {
        figures.put(Figure.P99.key, (double) latency.getValueAtPercentile(99));
        figures.put(Figure.P50.key, (double) latency.getValueAtPercentile(50));
        figures.put(Figure.P999.key, (double) latency.getValueAtPercentile(99.9));
        figures.put(Figure.P9999.key, (double) latency.getValueAtPercentile(99.99));
        figures.put(Figure.COUNT.key, (double) latency.getTotalCount());
    }

    /** Parses {@code VALUE:COUNT,...}; returns null if there is none. */
    static @Nullable Histogram parse(@Nullable String text) {
        if (text == null || text.isEmpty()) {
            return null;
        }
        var histogram = new Histogram(3);
        for (String bucket : text.split(",", -1)) {
            int colon = bucket.indexOf(':');
            histogram.recordValueWithCount(
                    Long.parseLong(bucket.substring(0, colon)), Long.parseLong(bucket.substring(colon + 1)));
        }
        return histogram;
    }
}
