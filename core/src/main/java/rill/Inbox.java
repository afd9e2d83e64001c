package rill;

import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The way onto the loop from other threads: a stack of Nodes, linked through themselves. The loop takes all of it at once and reverses it. All
 * state is in one word, so no wake-up is lost, none is sent to a loop that is awake, and nothing gets in after the close.
 *
 * <pre>
 *            put                         put
 *   empty ─────────▶ the newest Node ◀────────┐
 *    │ ▲                 │  ▲   └─────────────┘
 *    │ └──── drainTo ────┘  │
 *    │                      │ put, which wakes the loop up
 *    │ fallAsleep           │
 *    ▼                      │              close
 *   ASLEEP ─────────────────┘        any ─────────▶ CLOSED: put says no
 *    │
 *    └─ awake ─▶ empty
 * </pre>
 */
final class Inbox {
    private static final Node ASLEEP = new Mark();
    private static final Node CLOSED = new Mark();

    /** What is next to the word in memory is written by the loop all the time, and must not share a cache line with it. */
    private static final int APART = 32;

    private final AtomicReferenceArray<@Nullable Node> word = new AtomicReferenceArray<>(2 * APART + 1);
    private final Runnable wakeUp;

    /** A state in the place of a Node. */
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
     * @param wakeUp wakes a loop that sleeps
     */
    Inbox(Runnable wakeUp) {
        this.wakeUp = wakeUp;
    }

    /** From any thread. False if the loop is closed: then the Node is not in. */
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

    /** From any thread: the last Node that came in and was not taken, or null. */
    @Nullable
    Node newest() {
        Node now = word.get(APART);
        return now == ASLEEP || now == CLOSED ? null : now;
    }

    boolean isEmpty() {
        Node now = word.get(APART);
        return now == null || now == ASLEEP || now == CLOSED;
    }

    /** On the loop: from now on the first sender wakes it up. False if something is in already: then don't sleep. */
    boolean fallAsleep() {
        return word.get(APART) == null && word.compareAndSet(APART, null, ASLEEP);
    }

    /** On the loop: after sleeping. Whether a sender has ended that. */
    boolean awake() {
        return !word.compareAndSet(APART, ASLEEP, null);
    }

    /** On the loop: moves what is in now to the Handle queue; how many that were. */
    int drainTo(NodeQueue handles) {
        return isEmpty() ? 0 : handles.addAll(word.getAndSet(APART, null));
    }

    /** On the loop, when it ends: what is in is handed to {@code discarding}, and nothing more comes in. */
    void close(Consumer<? super Node> discarding) {
        Node last = word.getAndSet(APART, CLOSED);
        var left = new NodeQueue();
        left.addAll(last == ASLEEP || last == CLOSED ? null : last);
        for (Node node = left.poll(); node != null; node = left.poll()) {
            discarding.accept(node);
        }
    }
}
