package rill;

import java.util.concurrent.atomic.AtomicBoolean;
import org.jctools.queues.atomic.MpscUnboundedAtomicArrayQueue;
import rill.spi.Selector;

/**
 * The way onto the loop from other threads: a queue, and a wake-up that is sent only if the loop sleeps.
 *
 * <p>No wake-up is lost: a sender first puts its Node in and then looks whether the loop sleeps; the loop first says that it
 * sleeps and then looks whether anything is in. Whoever comes second sees the other.
 */
final class Inbox {
    private static final int CHUNK = 256;

    private final MpscUnboundedAtomicArrayQueue<Node> queue = new MpscUnboundedAtomicArrayQueue<>(CHUNK);
    private final AtomicBoolean asleep = new AtomicBoolean();
    private final Selector selector;
    private volatile boolean closed;

    Inbox(Selector selector) {
        this.selector = selector;
    }

    /** From any thread. If the loop is closed meanwhile the Node is discarded. */
    void put(Node node) {
        queue.offer(node);
        if (closed) {
            discardAll();
            return;
        }
        if (asleep.get() && asleep.compareAndSet(true, false)) {
            selector.wakeup();
        }
    }

    boolean isEmpty() {
        return queue.isEmpty();
    }

    /** On the loop: from now on senders wake it up. False if something is in already: then don't sleep. */
    boolean fallAsleep() {
        asleep.set(true);
        if (queue.isEmpty()) {
            return true;
        }
        asleep.set(false);
        return false;
    }

    /** On the loop: after sleeping. */
    void awake() {
        if (asleep.getPlain()) {
            asleep.set(false);
        }
    }

    /** On the loop: moves what is in now to the Handle queue; what comes meanwhile may wait. */
    void drainTo(NodeQueue handles) {
        for (int n = queue.size(); n > 0; n--) {
            Node node = queue.poll();
            if (node == null) {
                return;
            }
            handles.add(node);
        }
    }

    /** On the loop, when it ends: what is in, and whatever still comes, is discarded. */
    void close() {
        closed = true;
        discardAll();
    }

    /** Whoever comes: after the close there is no single consumer any more. */
    private synchronized void discardAll() {
        for (Node node = queue.poll(); node != null; node = queue.poll()) {
            node.discard();
        }
    }
}
