package rill;

import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Actions that keep the message, to be translated, and pass on everything else as it is. */
abstract class TranslatingActions<R, R2> implements Actions<R> {
    private @Nullable Actions<R2> above;

    private @Nullable R message;

    /** Passes on to {@code actions} from now on. */
    final Actions<R> to(Actions<R2> actions) {
        above = actions;
        return this;
    }

    /** The message of this call, if there was one. */
    final @Nullable R takeMessage() {
        R taken = message;
        message = null;
        return taken;
    }

    private Actions<R2> above() {
        return Objects.requireNonNull(above);
    }

    @Override
    public final void message(R newMessage) {
        if (message != null) {
            throw new IllegalStateException("a second message in one call; return after the first");
        }
        message = newMessage;
    }

    @Override
    public final Outgoing out() {
        return above().out();
    }

    @Override
    public final void needMore(int bytes) {
        above().needMore(bytes);
    }

    @Override
    public final void stop() {
        above().stop();
    }

    @Override
    public final void startTimer(Duration after) {
        above().startTimer(after);
    }

    @Override
    public final void stopTimer() {
        above().stopTimer();
    }

    @Override
    public final void runBlocking(Runnable work) {
        above().runBlocking(work);
    }

    @Override
    public final void holdWrites() {
        above().holdWrites();
    }

    @Override
    public final void releaseWrites() {
        above().releaseWrites();
    }

    @Override
    public final void end() {
        above().end();
    }
}
