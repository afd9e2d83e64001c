package rill;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Closes a loop, or a group of loops, when the JVM shuts down, while that is wanted. Any thread. */
final class ShutdownHook {
    /** How long after its deadline a close may take. A loop whose thread is in System.exit never finishes. */
    private static final Duration GRACE = Duration.ofSeconds(2);

    private @Nullable Thread hook;
    private boolean over; // it is closed

    /** From now on the hook closes {@code serving} with this deadline, replacing an earlier one. */
    synchronized void set(Serving serving, Duration deadline) {
        removeNow();
        if (over) {
            return;
        }
        Thread added = Threads.shared().name("close at shutdown").unstarted(() -> close(serving, deadline));
        try {
            Runtime.getRuntime().addShutdownHook(added);
            hook = added;
        } catch (IllegalStateException exiting) {
            // Too late to be of use.
        }
    }

    /** It is closed by other means. */
    synchronized void remove() {
        over = true;
        removeNow();
    }

    private void removeNow() {
        Thread unneeded = hook;
        hook = null;
        try {
            if (unneeded != null) {
                Runtime.getRuntime().removeShutdownHook(unneeded);
            }
        } catch (IllegalStateException exiting) {
            // It is already running.
        }
    }

    private static void close(Serving serving, Duration deadline) {
        Thread closer = Threads.shared().name("close").daemon(true).start(() -> serving.close(deadline));
        try {
            if (!closer.join(
                    Duration.ofNanos(Math.max(0, BareLoop.nanos(deadline))).plus(GRACE))) {
                String why = "it did not come to an end: something holds its thread, perhaps a call of System.exit";
                LoggingReporter.INSTANCE.threw("closing at shutdown: ", serving, new IllegalStateException(why));
                LoggingReporter.INSTANCE.flush();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
