package rill.transport.epoll.linux;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Who is meant by the data of an event.
 *
 * <p>A descriptor's number says nothing about that: it may have been closed and given out again since the kernel wrote the
 * event down, within one batch. So the data are a slot and the slot's generation, which is another one for each that comes into
 * it. <b>Threading:</b> the selector's driver.
 */
public final class Registrations<T> {
    /** Never given to anybody; free for the selector's own use. */
    public static final long NONE = -1;

    private static final int GENERATION_SHIFT = Integer.SIZE;
    private static final int FIRST_SIZE = 16;

    private @Nullable Object[] watched = new @Nullable Object[FIRST_SIZE];
    private int[] generations = new int[FIRST_SIZE];
    private int[] free = new int[FIRST_SIZE]; // as long as there ever were free ones
    private int freeCount;
    private int used;

    /** A new member; its slot. */
    public int add(T member) {
        int slot = freeCount > 0 ? free[--freeCount] : used;
        if (slot == watched.length) {
            int[] moreGenerations = Arrays.copyOf(generations, larger(slot));
            watched = Arrays.copyOf(watched, larger(slot));
            generations = moreGenerations; // both or none, if there is no memory
        }
        watched[slot] = member;
        used = Math.max(used, slot + 1);
        return slot;
    }

    /** By a quarter: what is not used of it is held for nothing, for as long as the selector lives. */
    private static int larger(int size) {
        return size + Math.max(FIRST_SIZE, size >> 2);
    }

    /** The data for the events of the member in a slot. */
    public long data(int slot) {
        return (long) generations[slot] << GENERATION_SHIFT | slot;
    }

    /** Nothing that was said of the member in this slot will reach anybody any more. */
    public void remove(int slot) {
        watched[slot] = null;
        generations[slot] = (generations[slot] + 1) & Integer.MAX_VALUE; // so that none is NONE
        if (freeCount == free.length) {
            try {
                free = Arrays.copyOf(free, larger(freeCount));
            } catch (OutOfMemoryError e) {
                return; // this one is not used again, which costs less than whoever is about to close its descriptor
            }
        }
        free[freeCount++] = slot;
    }

    /** Whom the data of an event mean, or null if that one has gone. */
    @SuppressWarnings("unchecked") // there is nothing else in it
    @Nullable
    public T find(long data) {
        int slot = (int) data;
        boolean present = slot >= 0 && slot < used && generations[slot] == (int) (data >> GENERATION_SHIFT);
        return present ? (T) watched[slot] : null;
    }

    /** All that are there now. */
    @SuppressWarnings("unchecked") // there is nothing else in it
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
