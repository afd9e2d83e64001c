package rill.testing;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import rill.Report;
import rill.Reporter;

/**
 * Keeps what loops report, except for {@link Report.Note}, until a test takes it; reports left at the end were unexpected.
 *
 * <p><b>Threading:</b> any thread; {@link #await} only outside loops, since it blocks.
 */
public final class RecordingReporter implements Reporter {
    private static final long PATIENCE_SECONDS = 20;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final List<Report> reports = new ArrayList<>();

    @Override
    public void report(Report report) {
        if (report instanceof Report.Note) {
            return;
        }
        lock.lock();
        try {
            reports.add(report);
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Returns the present reports that were not taken. */
    public List<Report> reports() {
        lock.lock();
        try {
            return List.copyOf(reports);
        } finally {
            lock.unlock();
        }
    }

    /** Takes all present reports of one kind. */
    public <R extends Report> List<R> take(Class<R> kind) {
        lock.lock();
        try {
            var taken = new ArrayList<R>();
            for (R next = poll(kind); next != null; next = poll(kind)) {
                taken.add(next);
            }
            return taken;
        } finally {
            lock.unlock();
        }
    }

    /** Takes the next report of one kind; fails if none arrives within some seconds. */
    public <R extends Report> R await(Class<R> kind) {
        lock.lock();
        try {
            long left = TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
            while (true) {
                R found = poll(kind);
                if (found != null) {
                    return found;
                }
                if (left <= 0) {
                    throw new AssertionError("no " + kind.getSimpleName() + " was reported, only " + reports);
                }
                left = changed.awaitNanos(left);
            }
        } catch (InterruptedException e) {
            throw new AssertionError("interrupted while waiting for a " + kind.getSimpleName(), e);
        } finally {
            lock.unlock();
        }
    }

    private <R extends Report> R poll(Class<R> kind) {
        for (Iterator<Report> all = reports.iterator(); all.hasNext(); ) {
            Report each = all.next();
            if (kind.isInstance(each)) {
                all.remove();
                return kind.cast(each);
            }
        }
        return null;
    }

    /** Fails if there is a report that no test has taken. */
    public void assertNone() {
        List<Report> left = reports();
        if (!left.isEmpty()) {
            var failure = new AssertionError(left.size() + " unexpected reports, such as: " + left.getFirst());
            left.stream()
                    .limit(5)
                    .map(Report::cause)
                    .filter(cause -> cause != null)
                    .forEach(failure::addSuppressed);
            throw failure;
        }
    }
}
