package rill;

import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Passes Nodes from other threads to the loop: a stack of Nodes, linked through themselves. The loop takes all of them at once and reverses their
 * order. All state is in one word, so no wake-up is lost, none is sent to a loop that is awake, and nothing gets in after the close.
 *
 * <pre>
 *            put                         put
 *   empty ─────────▶ the newest Node ◀────────┐
 *    │ ▲                 │  ▲   └─────────────┘
 *    │ └──── drainTo ────┘  │
 *    │                      │ put, which wakes the loop up
 *    │ fallAsleep           │
 *    ▼                      │              close
 *   ASLEEP ─────────────────┘        any ─────────▶ CLOSED: put returns false
 *    │
 *    └─ awake ─▶ empty
 * </pre>
 */
final class Inbox {
    private static final Node ASLEEP = new Mark();
    private static final Node CLOSED = new Mark();

    /** Data adjacent to the word in memory is written by the loop all the time, and must not share a cache line with it. */
    private static final int APART = 32;

    private final AtomicReferenceArray<@Nullable Node> word = new AtomicReferenceArray<>(2 * APART + 1);
    private final Runnable wakeUp;

    /** A state, stored in place of a Node. */
    private static final class Mark extends Node {
        @Override
        void execute() {
            throw new AssertionError("a mark in the Handle queue");
        }

        @Override
        String label() {
            return "mark";
        }
    }

    /**
     * @param wakeUp wakes a sleeping loop
     */
    Inbox(Runnable wakeUp) {
        this.wakeUp = wakeUp;
    }

    /** Adds a Node, from any thread. Returns false if the loop is closed: then the Node is not added. */
    boolean put(Node node) {
        Node before = word.get(APART);
        while (before != CLOSED) {
            node.next = before == ASLEEP ? null : before;
            Node found = word.compareAndExchange(APART, before, node);
            if (found == before) {
                if (before == ASLEEP) {
                    wakeUp.run();
                }
                return true;
            }
            before = found;
        }
        node.next = null;
        return false;
    }

    /** The last Node that was added and not taken yet, or null. From any thread. */
    @Nullable
    Node newest() {
        Node now = word.get(APART);
        return now == ASLEEP || now == CLOSED ? null : now;
    }

    boolean isEmpty() {
        Node now = word.get(APART);
        return now == null || now == ASLEEP || now == CLOSED;
    }

    /** From now on the first sender wakes the loop. Returns false if something is already in the inbox: then don't sleep. On the loop. */
    boolean fallAsleep() {
        return word.get(APART) == null && word.compareAndSet(APART, null, ASLEEP);
    }

    /** Ends sleeping; returns whether a sender has already ended it. On the loop. */
    boolean awake() {
        return !word.compareAndSet(APART, ASLEEP, null);
    }

    /** Moves the present Nodes to the Handle queue; returns their number. On the loop. */
    int drainTo(NodeQueue handles) {
        return isEmpty() ? 0 : handles.addAll(word.getAndSet(APART, null));
    }

    /** Closes the inbox: remaining Nodes are passed to {@code discarding}, and no more are accepted. On the loop, when it ends. */
    void close(Consumer<? super Node> discarding) {
        Node last = word.getAndSet(APART, CLOSED);
        var left = new NodeQueue();
        left.addAll(last == ASLEEP || last == CLOSED ? null : last);
        for (Node node = left.poll(); node != null; node = left.poll()) {
            discarding.accept(node);
        }
    }
}
