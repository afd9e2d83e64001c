package rill.transport.epoll.linux;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Maps the data of an event to its receiver.
 *
 * <p>A descriptor's number does not identify the receiver: since the kernel recorded the event, it may have been closed and reused, within one batch.
 * So the data are a slot and the slot's generation, which changes for each new member. <b>Threading:</b> the selector's driver.
 */
public final class Registrations<T> {
    /** Never used for a member; free for the selector's own use. */
    public static final long NONE = -1;

    private static final int GENERATION_SHIFT = Integer.SIZE;
    private static final int FIRST_SIZE = 16;

    private @Nullable Object[] watched = new @Nullable Object[FIRST_SIZE];
    private int[] generations = new int[FIRST_SIZE];
    private int[] free = new int[FIRST_SIZE]; // as long as the most slots that were ever free
    private int freeCount;
    private int used;

    /** Adds a member, and returns its slot. */
    public int add(T member) {
        int slot = freeCount > 0 ? free[--freeCount] : used;
        if (slot == watched.length) {
            int[] moreGenerations = Arrays.copyOf(generations, larger(slot));
            watched = Arrays.copyOf(watched, larger(slot));
            generations = moreGenerations; // both or neither, if there is no memory
        }
        watched[slot] = member;
        used = Math.max(used, slot + 1);
        return slot;
    }

    /** Grows by a quarter: unused space is held for as long as the selector lives. */
    private static int larger(int size) {
        return size + Math.max(FIRST_SIZE, size >> 2);
    }

    /** Returns the data for the events of the member in a slot. */
    public long data(int slot) {
        return (long) generations[slot] << GENERATION_SHIFT | slot;
    }

    /** Removes the member in a slot: events with its data no longer reach anyone. */
    public void remove(int slot) {
        watched[slot] = null;
        generations[slot] = (generations[slot] + 1) & Integer.MAX_VALUE; // so that no data equal NONE
        if (freeCount == free.length) {
            try {
                free = Arrays.copyOf(free, larger(freeCount));
            } catch (OutOfMemoryError e) {
                return; // this slot is not used again; failing the close of a descriptor would cost more
            }
        }
        free[freeCount++] = slot;
    }

    /** Returns the receiver of an event with these data, or null if it is gone. */
    @SuppressWarnings("unchecked") // it contains nothing else
    @Nullable
    public T find(long data) {
        int slot = (int) data;
        boolean present = slot >= 0 && slot < used && generations[slot] == (int) (data >> GENERATION_SHIFT);
        return present ? (T) watched[slot] : null;
    }

    /** Returns all present members. */
    @SuppressWarnings("unchecked") // it contains nothing else
    public List<T> all() {
        var all = new ArrayList<T>();
        for (int slot = 0; slot < used; slot++) {
            T member = (T) watched[slot];
            if (member != null) {
                all.add(member);
            }
        }
        return all;
    }
}
