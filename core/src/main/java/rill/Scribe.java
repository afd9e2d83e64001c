package rill;

import java.io.IOException;
import java.net.SocketException;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import rill.spi.Clock;

/**
 * Writes reports to the log, so that no loop waits for a log. Its daemon thread runs while there is something to write or to sum up. Repeated reports
 * are summed up. Reports that the log is too slow for are counted. If the logger fails, as it may without descriptors, a plain line goes to standard
 * error.
 *
 * <p><b>Threading:</b> any thread.
 */
final class Scribe {
    /** The maximum number of waiting lines. */
    static final int CAPACITY = 1_000;

    private static final int LONGEST_LINE = 8_000;
    private static final long FLUSH_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** The destination of lines. */
    interface Log {
        void write(System.Logger.Level level, String text, @Nullable Throwable thrown);

        /** Whether it silently drops lines once the JVM shuts down. */
        default boolean endsBeforeUs() {
            return false;
        }
    }

    /** A line to be written. */
    record Line(
            System.Logger.Level level,
            String text,
            @Nullable Throwable thrown) {}

    private final Log log;
    private final Clock clock;
    private final ThreadFactory threads;
    private final AtomicInteger lost = new AtomicInteger(); // reports for which there was no memory

    // All guarded by this.
    private final ArrayDeque<Line> lines = new ArrayDeque<>();
    private final Repeats repeats = new Repeats();
    private @Nullable Thread thread;
    private @Nullable Thread hook;
    private boolean writing;
    private boolean sumsUpNow;
    private boolean exits; // the JVM
    private int dropped;

    Scribe(Log log, Clock clock, ThreadFactory threads) {
        this.log = log;
        this.clock = clock;
        this.threads = threads;
    }

    // ---- on any thread

    void tell(System.Logger.Level level, String text, @Nullable Throwable thrown) {
        tell(level, null, text, thrown);
    }

    /** Writes the report, or counts it. Of a kind that has a name, the first is written, and the rest are summed up in one line now and then. */
    synchronized void tell(System.Logger.Level level, @Nullable String kind, String text, @Nullable Throwable thrown) {
        long now = clock.nanoTime();
        for (Line sum = repeats.next(now, sumsUpNow); sum != null; sum = repeats.next(now, sumsUpNow)) {
            lines.add(sum);
        }
        if (kind == null ? repeats.tells(level, text, now) : repeats.tells(level, kind, 1, text, now)) {
            add(new Line(level, shortened(text), thrown));
        }
        start();
    }

    /** Writes the report as it is, however many are like it, unless there is no room; then it is counted. */
    synchronized void tellInFull(System.Logger.Level level, String text) {
        add(new Line(level, text, null));
        start();
    }

    private void add(Line line) {
        if (lines.size() < CAPACITY) {
            lines.add(line);
        } else {
            dropped++;
        }
    }

    private static String shortened(String text) {
        return text.length() <= LONGEST_LINE ? text : text.substring(0, LONGEST_LINE) + "…";
    }

    void lost() {
        lost.incrementAndGet();
    }

    /** Starts the thread if none is running. If that fails, the next report tries again, and a flush writes by itself. */
    private void start() {
        notifyAll();
        if (thread != null) {
            return;
        }
        try {
            Thread started = threads.newThread(this::writeAll);
            started.start();
            thread = started;
            Thread atExit = Threads.shared().name("rill-reports-at-exit").unstarted(this::flushAll);
            Runtime.getRuntime().addShutdownHook(atExit);
            hook = atExit;
        } catch (IllegalStateException exiting) {
            exits = true; // no hook is needed
        } catch (Throwable noMemory) {
            // The line remains queued.
        }
    }

    private void flushAll() {
        synchronized (this) {
            sumsUpNow = true;
            exits = true;
        }
        look();
        flush();
    }

    /** Waits until everything is written, but not for long. */
    void flush() {
        long start = clock.nanoTime();
        boolean interrupted = false;
        synchronized (this) {
            while (!idle()) {
                long left = FLUSH_NANOS - (clock.nanoTime() - start);
                if (left <= 0) {
                    break;
                }
                try {
                    TimeUnit.NANOSECONDS.timedWait(this, left);
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        }
        for (Line line = unattended(); line != null; line = unattended()) {
            write(line);
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Returns the next line, if there is no thread that would write it. */
    private synchronized @Nullable Line unattended() {
        return thread == null ? poll() : null;
    }

    /** Whether the thread is running. */
    synchronized boolean runs() {
        return thread != null;
    }

    /** Makes the thread check the clock now. */
    synchronized void look() {
        notifyAll();
    }

    private boolean idle() {
        return thread == null || (lines.isEmpty() && !writing && dropped == 0 && !(sumsUpNow && !repeats.isEmpty()));
    }

    // ---- on its thread

    private void writeAll() {
        for (Line line = next(); line != null; line = next()) {
            write(line);
        }
    }

    /** Waits for the next line. Returns null if there has been none for a while, and the thread is not needed. */
    private synchronized @Nullable Line next() {
        writing = false;
        try {
            while (true) {
                Line line = poll();
                if (line != null) {
                    writing = true;
                    return line;
                }
                notifyAll(); // threads that flush
                if (repeats.isEmpty()) {
                    end();
                    return null;
                }
                TimeUnit.NANOSECONDS.timedWait(this, Math.max(1, repeats.nanosToNext(clock.nanoTime())));
            }
        } catch (InterruptedException nobodyMayDoThat) {
            end();
            return null;
        } catch (Throwable t) {
            lost();
            end();
            return null;
        }
    }

    private @Nullable Line poll() {
        Line first = lines.poll();
        if (first != null) {
            return first;
        }
        int missing = dropped + lost.getAndSet(0);
        if (missing > 0) {
            dropped = 0;
            return new Line(
                    System.Logger.Level.WARNING,
                    missing + " reports were dropped: the log did not take them in time, or there was no memory",
                    null);
        }
        return repeats.next(clock.nanoTime(), sumsUpNow);
    }

    private void end() {
        thread = null;
        Thread unneeded = hook;
        hook = null;
        try {
            if (unneeded != null) {
                Runtime.getRuntime().removeShutdownHook(unneeded);
            }
        } catch (IllegalStateException exiting) {
            // The hook is running, and finds nothing to wait for.
        }
        notifyAll();
    }

    private synchronized boolean exits() {
        return exits;
    }

    private void write(Line line) {
        try {
            if (exits() && log.endsBeforeUs()) {
                writeLast(line);
                return;
            }
            log.write(line.level, line.text, saysMore(line.thrown) ? line.thrown : null);
        } catch (Throwable t) {
            writePlainly(line, t);
        }
    }

    /** Writes a line once the log accepts nothing any more. */
    private static void writeLast(Line line) {
        if (line.level.getSeverity() < System.Logger.Level.WARNING.getSeverity()) {
            return;
        }
        System.err.println("rill: " + line.level + ": " + line.text);
        Throwable thrown = line.thrown;
        if (thrown != null && saysMore(thrown)) {
            thrown.printStackTrace();
        }
    }

    /** Writes a line when the logger fails, perhaps because it can't open a file that it needs. The next line tries the logger again. */
    private void writePlainly(Line line, Throwable why) {
        if (line.level.getSeverity() < System.Logger.Level.INFO.getSeverity()) {
            return;
        }
        try {
            System.err.println("rill: " + line.level + ": " + line.text + " (and the logger threw "
                    + Failures.describe(why) + ")");
        } catch (Throwable t) {
            lost();
        }
    }

    /**
     * Whether the stack trace of a failure adds to its message. It doesn't if the failure came from the network through Rill's own calls: the peer
     * caused it, and the code that happened to drive the loop has nothing to do with it.
     */
    private static boolean saysMore(@Nullable Throwable thrown) {
        if (!(thrown instanceof IOException)) {
            return thrown != null;
        }
        if (hasOrigin(thrown)) {
            return true;
        }
        if (thrown instanceof ProtocolException || thrown instanceof SocketException) {
            return false;
        }
        for (StackTraceElement frame : thrown.getStackTrace()) {
            if (!StackTraces.ofJdk(frame)) {
                return !StackTraces.ofRill(frame);
            }
        }
        return false;
    }

    /** Whether it carries an origin, which tracing mode records in order to show it. */
    private static boolean hasOrigin(Throwable thrown) {
        return (thrown instanceof ClosedHere && thrown.getStackTrace().length > 0)
                || Arrays.stream(thrown.getSuppressed()).anyMatch(Origin.class::isInstance);
    }
}
