package rill;

import java.io.IOException;
import java.lang.ref.PhantomReference;
import java.lang.ref.ReferenceQueue;
import java.time.Duration;
import java.util.Comparator;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Reports failures that nobody has looked at: those of Futures that have become garbage or whose loop closes, and those of Tasks after a while, since
 * most Tasks that fail are awaited by nobody. It costs nothing until a failure is unobserved. Any thread may add one; the loop polls.
 *
 * <p>With a Driver, as in a simulation, reports must not depend on the garbage collector. Then Tasks, and all Futures that fail with anything but an
 * {@link IOException}, are reported after that while; the others are not.
 */
final class FailureWatch {
    /** How long the failure of a Task may remain unobserved before it is reported. */
    static final Duration GRACE = Duration.ofSeconds(1);

    private final BareLoop loop;
    private final boolean driven; // by a Driver: reports must then not depend on the collector
    private final ReferenceQueue<Future<?>> collected = new ReferenceQueue<>();
    private final Set<Entry> entries = ConcurrentHashMap.newKeySet();
    private final AtomicLong count = new AtomicLong();

    FailureWatch(BareLoop loop, boolean driven) {
        this.loop = loop;
        this.driven = driven;
    }

    void add(Future<?> future, Failed failed) {
        if (failed.wanted()) {
            return;
        }
        boolean byTime = future instanceof Task || (driven && !(failed.cause instanceof IOException));
        if (driven && !byTime) {
            return;
        }
        Origins origins = loop.origins();
        Origin origin = origins == null ? null : origins.of(future);
        var entry = new Entry(this, future, failed, origin);
        entries.add(entry);
        if (byTime && loop.isCurrent() && !loop.isClosed()) {
            entry.grace = loop.schedule(GRACE, "a look at the failure of ", entry.what, () -> report(entry));
        }
        failed.watchedBy(entry);
    }

    /** Reports the Futures that were found to be garbage. */
    void poll() {
        if (driven || entries.isEmpty()) {
            return;
        }
        for (var reference = collected.poll(); reference != null; reference = collected.poll()) {
            report((Entry) reference);
        }
    }

    /** Reports all that are left, in the order in which they failed. */
    void close() {
        entries.stream().sorted(Comparator.comparingLong(entry -> entry.number)).forEach(this::report);
    }

    private void report(Entry entry) {
        if (!entry.over()) {
            return;
        }
        try {
            if (entry.origin != null) {
                entry.cause.addSuppressed(
                        entry.origin); // not earlier: many Futures may share a cause that is looked at
            }
            loop.report(
                    entry.ofConnection
                            ? new Report.ConnectionFailed(loop.name(), entry.what, entry.cause)
                            : new Report.Unobserved(loop.name(), entry.what, entry.cause));
        } catch (Throwable noMemory) {
            LoggingReporter.INSTANCE.lost();
        }
    }

    /** One failure; it must not refer to its Future. */
    static final class Entry extends PhantomReference<Future<?>> {
        private final FailureWatch owner;
        private final String what;
        private final boolean ofConnection;
        private final Throwable cause;
        private final @Nullable Origin origin;
        private final long number;
        private @Nullable Handle grace; // of a Task

        private Entry(FailureWatch owner, Future<?> future, Failed failed, @Nullable Origin origin) {
            super(future, owner.collected);
            this.owner = owner;
            this.ofConnection = failed.connection != null;
            this.what = failed.connection != null ? failed.connection : describe(future, failed.cause);
            this.cause = failed.cause;
            this.origin = origin;
            this.number = owner.count.incrementAndGet();
        }

        /** The name by which the user knows it. */
        private static String describe(Future<?> future, Throwable cause) {
            return cause instanceof CallFailedException && !(future instanceof Task) ? "a call" : future.describe();
        }

        void dismiss() {
            over();
            clear();
        }

        /** Ends it; returns whether it was not over yet. */
        private boolean over() {
            if (grace != null) {
                grace.cancel();
            }
            return owner.entries.remove(this);
        }

        @Override
        public @Nullable Future<?> get() {
            return null;
        }
    }
}
