package rill.transport.epoll;

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
final class Registrations {
    /** Never given to anybody; free for the selector's own use. */
    static final long NONE = -1;

    private static final int GENERATION_SHIFT = Integer.SIZE;

    private @Nullable Watched[] watched = new @Nullable Watched[16];
    private int[] generations = new int[16];
    private int[] free = new int[16];
    private int freeCount;
    private int used;

    /** A new member; the data for its events. */
    long add(Watched member) {
        int slot = freeCount > 0 ? free[--freeCount] : used++;
        if (slot == watched.length) {
            watched = Arrays.copyOf(watched, slot * 2);
            generations = Arrays.copyOf(generations, slot * 2);
            free = Arrays.copyOf(free, slot * 2);
        }
        watched[slot] = member;
        return (long) generations[slot] << GENERATION_SHIFT | slot;
    }

    /** Nothing that was said of this one will reach anybody any more. */
    void remove(long data) {
        int slot = (int) data;
        watched[slot] = null;
        generations[slot] = (generations[slot] + 1) & Integer.MAX_VALUE; // so that none is NONE
        free[freeCount++] = slot;
    }

    /** Whom the data of an event mean, or null if that one has gone. */
    @Nullable
    Watched find(long data) {
        int slot = (int) data;
        boolean present = slot >= 0 && slot < used && generations[slot] == (int) (data >> GENERATION_SHIFT);
        return present ? watched[slot] : null;
    }

    /** All that are there now. */
    List<Watched> all() {
        var all = new ArrayList<Watched>();
        for (int slot = 0; slot < used; slot++) {
            Watched member = watched[slot];
            if (member != null) {
                all.add(member);
            }
        }
        return all;
    }

    /** What events are about. */
    interface Watched {
        /** @param events of the kernel's, at least one */
        void ready(int events);

        /** Gives back the descriptor, and every buffer. */
        void close();
    }
}
