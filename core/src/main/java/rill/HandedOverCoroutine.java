package rill;

import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * An ordinary virtual thread that takes turns with the thread of the loop. During its turn the thread of the loop is parked, whatever the body
 * does. So a body that sleeps blocks the loop, as with the other engine.
 */
final class HandedOverCoroutine implements Coroutine {
    private final BareLoop loop;
    private final Thread thread;
    private volatile boolean bodysTurn;
    private volatile @Nullable Thread resumer;
    private boolean started;

    HandedOverCoroutine(BareLoop loop, String name, Runnable body) {
        this.loop = loop;
        thread = Thread.ofVirtual().name(name).unstarted(() -> {
            try {
                body.run();
            } finally {
                giveTurnBack();
            }
        });
    }

    @Override
    public void resume() {
        resumer = Thread.currentThread();
        bodysTurn = true;
        if (started) {
            LockSupport.unpark(thread);
        } else {
            started = true;
            Threads.startBody(thread, loop.driver() != null);
        }
        boolean interrupted = false;
        BlockWatch watch = BlockWatch.of(loop, thread);
        while (bodysTurn) {
            if (watch == null) {
                LockSupport.park(this);
            } else {
                LockSupport.parkNanos(this, BlockWatch.PERIOD_NANOS);
                if (watch.blocks() && bodysTurn) { // checked last: a body that suspends gives the turn back first
                    watch.tell();
                }
            }
            interrupted |= Thread.interrupted(); // otherwise park would return at once, again and again
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public boolean suspend() {
        giveTurnBack();
        boolean interrupted = false;
        while (!bodysTurn) {
            LockSupport.park(this);
            interrupted |= Thread.interrupted();
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        return true;
    }

    private void giveTurnBack() {
        Thread waiting = resumer;
        bodysTurn = false;
        LockSupport.unpark(waiting);
    }

    @Override
    public Thread thread() {
        return thread;
    }
}
