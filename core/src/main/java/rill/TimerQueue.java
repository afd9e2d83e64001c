package rill;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The pending timers of a loop, ordered by deadline and then by order of scheduling: a 4-ary heap whose keys lie side by side in separate arrays.
 *
 * <p>Scheduling and cancelling cost O(log n), and O(1) in the common case of a deadline later than most. A Handle knows its index, so cancelling
 * finds it at once and leaves nothing of it. Confined to one loop.
 */
final class TimerQueue {
    private static final int SMALLEST = 16;

    private long[] deadlines = {};
    private long[] sequences = {};
    private @Nullable Handle[] handles = {};
    private int size;
    private long scheduled;

    /** Adds a timer; {@code deadline} is a reading of the loop's clock. */
    void add(Handle handle, long deadline) {
        if (size == handles.length) {
            resize(Math.max(SMALLEST, size * 2));
        }
        siftUp(size++, deadline, scheduled++, handle);
    }

    /** Removes a Handle that was cancelled; a no-op if it isn't here. */
    void cancelled(Handle handle) {
        if (handle.timerIndex >= 0) {
            remove(handle.timerIndex, handle);
        }
    }

    private void resize(int capacity) {
        long[] newDeadlines = Arrays.copyOf(deadlines, capacity);
        long[] newSequences = Arrays.copyOf(sequences, capacity);
        handles = Arrays.copyOf(handles, capacity);
        deadlines = newDeadlines; // all or none, if there is no memory
        sequences = newSequences;
    }

    /** The number of timers for which there is space. */
    int capacity() {
        return handles.length;
    }

    /** The number of pending timers. */
    int pending() {
        return size;
    }

    /** Whether there are no pending timers. */
    boolean isEmpty() {
        return size == 0;
    }

    /** The deadline of the first timer; there must be one. */
    long nextDeadline() {
        return deadlines[0];
    }

    /** Removes and returns the first timer that is due at {@code now}, or returns null. */
    @Nullable
    Handle pollDue(long now) {
        if (size == 0 || deadlines[0] - now > 0) {
            return null;
        }
        long deadline = deadlines[0];
        Handle due = poll();
        if (due != null) {
            due.becomesDue(deadline);
        }
        return due;
    }

    /** Removes and returns the first timer, or returns null if there is none. */
    @Nullable
    Handle poll() {
        Handle first = size == 0 ? null : handles[0];
        if (first != null) {
            remove(0, first);
        }
        return first;
    }

    /** Removes the Handle at an index; the last one takes its place, and moves from there to where it belongs. */
    private void remove(int at, Handle handle) {
        handle.timerIndex = Handle.NO_TIMER;
        int last = --size;
        Handle moved = handles[last];
        handles[last] = null;
        if (at < last && moved != null) {
            long deadline = deadlines[last];
            long sequence = sequences[last];
            if (at > 0 && before(deadline, sequence, (at - 1) >> 2)) {
                siftUp(at, deadline, sequence, moved);
            } else {
                siftDown(at, deadline, sequence, moved);
            }
        }
        if (size < handles.length / 8 && handles.length > SMALLEST) {
            shrink(); // a burst is over
        }
    }

    private void shrink() {
        try {
            resize(Math.max(SMALLEST, handles.length / 4));
        } catch (OutOfMemoryError e) {
            // Tried again another time.
        }
    }

    private void siftUp(int at, long deadline, long sequence, Handle handle) {
        int i = at;
        while (i > 0) {
            int parent = (i - 1) >> 2;
            if (!before(deadline, sequence, parent)) {
                break;
            }
            move(parent, i);
            i = parent;
        }
        put(i, deadline, sequence, handle);
    }

    private void siftDown(int at, long deadline, long sequence, Handle handle) {
        int i = at;
        while (true) {
            int first = (i << 2) + 1;
            if (first >= size) {
                break;
            }
            int least = first;
            for (int child = first + 1; child < Math.min(first + 4, size); child++) {
                if (before(deadlines[child], sequences[child], least)) {
                    least = child;
                }
            }
            if (before(deadline, sequence, least)) {
                break;
            }
            move(least, i);
            i = least;
        }
        put(i, deadline, sequence, handle);
    }

    private boolean before(long deadline, long sequence, int other) {
        long difference = deadline - deadlines[other];
        return difference < 0 || (difference == 0 && sequence < sequences[other]);
    }

    private void move(int from, int to) {
        Handle handle = handles[from];
        if (handle != null) {
            put(to, deadlines[from], sequences[from], handle);
        }
    }

    private void put(int at, long deadline, long sequence, Handle handle) {
        deadlines[at] = deadline;
        sequences[at] = sequence;
        handles[at] = handle;
        handle.timerIndex = at;
    }
}
