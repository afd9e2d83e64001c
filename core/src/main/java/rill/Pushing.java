package rill;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The push form of receiving.
 *
 * @param onEnd null to close the connection, which needs no separate object
 */
record Pushing<R>(
        Link link, Consumer<? super R> handler, @Nullable Runnable onEnd) implements Receiver<R> {
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
        if (onEnd == null) {
            link.end();
        } else {
            onEnd.run();
        }
    }

    @Override
    public void finish() {
        link.finishReceiving();
    }

    @Override
    public boolean closed(@Nullable Throwable cause) {
        return false;
    }
}
