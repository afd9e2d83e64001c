package rill;

import org.jspecify.annotations.Nullable;

/** A first-in, first-out queue of Nodes, linked through themselves. Confined to one loop. */
final class NodeQueue {
    private @Nullable Node head;
    private @Nullable Node tail;

    boolean isEmpty() {
        return head == null;
    }

    /** The last one, or null. */
    @Nullable
    Node last() {
        return tail;
    }

    void add(Node node) {
        if (tail == null) {
            head = node;
        } else {
            tail.next = node;
        }
        tail = node;
    }

    /** Takes the first one out, or null. */
    @Nullable
    Node poll() {
        Node first = head;
        if (first != null) {
            head = first.next;
            first.next = null;
            if (head == null) {
                tail = null;
            }
        }
        return first;
    }
}
