package rill;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The push form of receiving. */
record Pushing<R>(Consumer<? super R> handler, Runnable onEnd) implements Receiver<R> {
    @Override
    public boolean wantsMessage() {
        return true;
    }

    @Override
    public void message(R message) {
        handler.accept(message);
    }

    @Override
    public void ended() {
        onEnd.run();
    }

    @Override
    public boolean closed(@Nullable Throwable cause) {
        return false;
    }
}
