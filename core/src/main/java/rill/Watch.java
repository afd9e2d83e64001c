package rill;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Waits on one loop for a Future that may belong to another, such as one that a function of the user returned. Its end is reported here, in a Handle,
 * even if the other loop closes first. A value that the callback does not ask for returns to its source.
 *
 * <p><b>Threading:</b> made and {@link #leave left} on its own loop.
 */
final class Watch<T extends @Nullable Object> extends Node implements Dependent {
    private final BareLoop home;
    private final Future<T> source;
    private final String what;
    private final Object subject;
    private final Consumer<? super Future<T>> told;
    private boolean over; // notified, or no longer wanted

    private Watch(BareLoop home, Future<T> source, String what, Object subject, Consumer<? super Future<T>> told) {
        this.home = home;
        this.source = source;
        this.what = what;
        this.subject = subject;
        this.told = told;
    }

    /**
     * @param what forms, with {@code subject}, the name in reports
     * @param told receives the Future once it is done, never within this call
     */
    static <T extends @Nullable Object> Watch<T> on(
            BareLoop home, Future<T> source, String what, Object subject, Consumer<? super Future<T>> told) {
        var watch = new Watch<>(home, source, what, subject, told);
        source.addDependent(watch);
        return watch;
    }

    /** Stops waiting: the Future is cancelled if nobody else waits for it, and its outcome is ignored here. */
    void leave() {
        if (over) {
            return;
        }
        over = true;
        source.abandon(this);
        if (source.isDone()) {
            var _ = source.failure(); // marks it as seen: it may have failed just now
        }
    }

    @Override
    public void settled(Future<?> settled) {
        if (settled.loop == home) {
            tell();
        } else {
            settled.hold(); // until this loop handles it
            home.enqueue(this);
        }
    }

    @Override
    void execute() {
        tell();
        source.unhold(); // a no-op if it was taken
    }

    @Override
    void discard() {
        source.unhold();
    }

    private void tell() {
        if (!over) {
            over = true;
            told.accept(source);
        }
    }

    @Override
    public BareLoop home() {
        return home;
    }

    @Override
    String label() {
        return what + subject;
    }
}
