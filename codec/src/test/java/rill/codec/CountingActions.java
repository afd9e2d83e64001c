package rill.codec;

import java.time.Duration;
import rill.Actions;
import rill.Outgoing;

/** Actions that allocate nothing: they count messages. */
final class CountingActions<R> implements Actions<R> {
    int messages;

    @Override
    public void message(R message) {
        messages++;
    }

    @Override
    public void needMore(int bytes) {}

    @Override
    public Outgoing out() {
        throw new UnsupportedOperationException();
    }

    @Override
    public void stop() {}

    @Override
    public void startTimer(Duration after) {}

    @Override
    public void stopTimer() {}

    @Override
    public void runBlocking(Runnable work) {}

    @Override
    public void holdWrites() {}

    @Override
    public void releaseWrites() {}

    @Override
    public void end() {}
}
