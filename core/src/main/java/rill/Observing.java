package rill;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Passes each event to the {@link Observer} of a loop, if there is one, in a separate Handle, so nothing that an observer does or throws interferes
 * with the code that caused the event. An event object is made only if there is an observer. Flight recordings get the same events from here. Nothing
 * here throws.
 *
 * <p><b>Threading:</b> on the loop; after its end, any thread.
 */
final class Observing {
    private final Loop loop;
    private final @Nullable Observer observer;

    Observing(Loop loop, @Nullable Observer observer) {
        this.loop = loop;
        this.observer = observer;
    }

    /** Whether calls are observed. */
    boolean isWanted() {
        return observer != null;
    }

    void opened(Link link) {
        try {
            ConnectionEvents.opened(link);
            Observer told = observer;
            if (told != null) {
                tell(() -> told.connectionOpened(link));
            }
        } catch (Throwable t) {
            untold(t);
        }
    }

    void ready(Link link) {
        try {
            Observer told = observer;
            if (told != null) {
                tell(() -> told.connectionReady(link));
            }
        } catch (Throwable t) {
            untold(t);
        }
    }

    void closed(Link link, @Nullable Throwable cause) {
        try {
            ConnectionEvents.closed(link, cause);
            Observer told = observer;
            if (told != null) {
                tell(() -> told.connectionClosed(link, cause));
            }
        } catch (Throwable t) {
            untold(t);
        }
    }

    /** @param since when the call was made */
    void callEnded(@Nullable Link link, Object request, CallOutcome outcome, long since, @Nullable Throwable failure) {
        try {
            if (failure != null) {
                ConnectionEvents.callFailed(loop, link, request, outcome, since, failure);
            }
            Observer told = observer;
            if (told != null) {
                var latency = Duration.ofNanos(Math.max(0, loop.nanoTime() - since));
                tell(() -> told.callEnded(link, request, outcome, latency, failure));
            }
        } catch (Throwable t) {
            untold(t);
        }
    }

    void callRetried(Pool<?, ?> pool, Object request, int tries, CallFailedException failure) {
        try {
            Observer told = observer;
            if (told != null) {
                tell(() -> told.callRetried(pool, request, tries, failure));
            }
        } catch (Throwable t) {
            untold(t);
        }
    }

    private void tell(Runnable event) {
        loop.enqueue(new Event(event));
    }

    /** No memory, for example: the caller continues all the same. */
    private void untold(Throwable thrown) {
        loop.threw("the observer", null, thrown);
    }

    private final class Event extends Node {
        private final Runnable event;

        Event(Runnable event) {
            this.event = event;
        }

        @Override
        void execute() {
            event.run();
        }

        @Override
        void discard() {
            if (!loop.lost()) {
                event.run();
            }
        }

        @Override
        String label() {
            return "the observer";
        }
    }
}
