package rill.transport.sim;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** A heap of events, by time and order. It compares them directly, where a PriorityQueue needs three calls. */
final class EventQueue {
    private @Nullable Event[] heap = new Event[64];
    private int size;

    int size() {
        return size;
    }

    /** Returns the time of the first event, or {@link Long#MAX_VALUE} if there is none. */
    long firstTime() {
        Event first = heap[0];
        return first == null ? Long.MAX_VALUE : first.time;
    }

    void add(Event event) {
        if (size == heap.length) {
            heap = Arrays.copyOf(heap, 2 * size);
        }
        int at = size++;
        while (at > 0) {
            int parent = (at - 1) >>> 1;
            Event above = heap[parent];
            if (above == null || !event.isBefore(above)) {
                break;
            }
            heap[at] = above;
            at = parent;
        }
        heap[at] = event;
    }

    @Nullable
    Event poll() {
        Event first = heap[0];
        if (first != null) {
            Event last = heap[--size];
            heap[size] = null;
            if (size > 0 && last != null) {
                sinkFromTop(last);
            }
        }
        return first;
    }

    private void sinkFromTop(Event event) {
        int at = 0;
        for (int child = 1; child < size; child = 2 * at + 1) {
            Event smaller = heap[child];
            Event right = child + 1 < size ? heap[child + 1] : null;
            if (smaller == null || (right != null && right.isBefore(smaller))) {
                child++;
                smaller = right;
            }
            if (smaller == null || event.isBefore(smaller)) {
                break;
            }
            heap[at] = smaller;
            at = child;
        }
        heap[at] = event;
    }
}
