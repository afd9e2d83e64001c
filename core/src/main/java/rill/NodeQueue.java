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

    /** Adds a stack of Nodes, each linked to the one pushed before it, in the order in which they were pushed. Returns their number. */
    int addAll(@Nullable Node newest) {
        int n = 0;
        Node first = null;
        for (Node node = newest; node != null; n++) {
            Node older = node.next;
            node.next = first;
            first = node;
            node = older;
        }
        if (first != null) {
            add(first);
            tail = newest;
        }
        return n;
    }

    /** Removes and returns the first one, or returns null. */
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
