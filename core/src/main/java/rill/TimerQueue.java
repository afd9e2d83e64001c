package rill;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The pending timers of a loop, by deadline and then by order of scheduling: a 4-ary heap whose keys lie side by side in
 * arrays of their own.
 *
 * <p>Scheduling costs O(log n), and O(1) in the common case of a deadline later than most. Cancelling is O(1): the entry
 * is only marked, and swept out with all other marked ones once they are more than half, so that memory stays
 * proportional to what is pending. Confined to one loop.
 */
final class TimerQueue {
    private static final int SMALLEST = 16;
    private static final int SWEEP_FROM = 64;

    private long[] deadlines = {};
    private long[] sequences = {};
    private @Nullable Handle[] handles = {};
    private int size;
    private int cancelled;
    private long scheduled;

    /** Adds a timer; {@code deadline} is a reading of the loop's clock. */
    void add(Handle handle, long deadline) {
        if (size == handles.length) {
            resize(Math.max(SMALLEST, size * 2));
        }
        handle.waitsInTimers = true;
        siftUp(size++, deadline, scheduled++, handle);
    }

    /** Notes that a Handle was cancelled; does nothing if it isn't here. */
    void cancelled(Handle handle) {
        if (!handle.waitsInTimers) {
            return;
        }
        handle.waitsInTimers = false;
        cancelled++;
        if (size >= SWEEP_FROM && cancelled > size / 2) {
            sweep();
        }
    }

    private void resize(int capacity) {
        deadlines = Arrays.copyOf(deadlines, capacity);
        sequences = Arrays.copyOf(sequences, capacity);
        handles = Arrays.copyOf(handles, capacity);
    }

    /** For how many there is space. */
    int capacity() {
        return handles.length;
    }

    /** How many are pending. */
    int pending() {
        return size - cancelled;
    }

    /** Whether none is pending. Afterwards, if one is, {@link #nextDeadline()} is that of one not cancelled. */
    boolean isEmpty() {
        dropCancelled();
        return size == 0;
    }

    /** The deadline of the first; only after {@link #isEmpty()} said no. */
    long nextDeadline() {
        return deadlines[0];
    }

    /** Takes out the first timer that is due at {@code now}, or null. */
    @Nullable
    Handle pollDue(long now) {
        dropCancelled();
        if (size == 0 || deadlines[0] - now > 0) {
            return null;
        }
        Handle first = handles[0];
        removeFirst();
        if (first != null) {
            first.waitsInTimers = false;
        }
        return first;
    }

    private void dropCancelled() {
        while (size > 0 && cancelled > 0 && isCancelled(handles[0])) {
            removeFirst();
            cancelled--;
        }
    }

    private static boolean isCancelled(@Nullable Handle handle) {
        return handle == null || !handle.waitsInTimers;
    }

    private void removeFirst() {
        int last = --size;
        Handle moved = handles[last];
        handles[last] = null;
        if (last > 0 && moved != null) {
            siftDown(0, deadlines[last], sequences[last], moved);
        }
    }

    private void sweep() {
        int kept = 0;
        for (int i = 0; i < size; i++) {
            Handle handle = handles[i];
            if (!isCancelled(handle)) {
                deadlines[kept] = deadlines[i];
                sequences[kept] = sequences[i];
                handles[kept] = handle;
                kept++;
            }
        }
        Arrays.fill(handles, kept, size, null);
        size = kept;
        cancelled = 0;
        if (size < handles.length / 8) {
            resize(Math.max(SMALLEST, size * 2)); // a burst is over
        }
        for (int i = (size - 2) >> 2; i >= 0; i--) {
            Handle handle = handles[i];
            if (handle != null) {
                siftDown(i, deadlines[i], sequences[i], handle);
            }
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
        deadlines[to] = deadlines[from];
        sequences[to] = sequences[from];
        handles[to] = handles[from];
    }

    private void put(int at, long deadline, long sequence, Handle handle) {
        deadlines[at] = deadline;
        sequences[at] = sequence;
        handles[at] = handle;
    }
}
