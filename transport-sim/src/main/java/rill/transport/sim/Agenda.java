package rill.transport.sim;

import java.time.Duration;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The planned events, by time, and the current time. Among the events of one instant, faults come first, in the order of planning. Next are those
 * planned earlier, in the order of planning or, where that is free, in any order; last are those planned in that instant, in order.
 */
final class Agenda {
    /** The latest time that can be planned, 73 years from the beginning; it leaves room for adding durations. */
    static final long END = Long.MAX_VALUE / 4;

    private static final long FAULTS = Long.MIN_VALUE;
    private static final long OF_THIS_INSTANT = Long.MAX_VALUE / 2;

    private final EventQueue events = new EventQueue();
    private final Chance chance;
    private long now;
    private long planned;

    Agenda(Chance chance) {
        this.chance = chance;
    }

    /** Returns the nanoseconds since the start of the simulation. */
    long now() {
        return now;
    }

    /** Converts to nanoseconds; durations of centuries become the longest possible. */
    static long nanos(Duration duration) {
        return Math.min(TimeUnit.NANOSECONDS.convert(duration), END); // the conversion saturates
    }

    /** Returns the time this many nanoseconds from now. */
    long after(long nanos) {
        return Math.min(now + Math.min(nanos, END), END);
    }

    void at(long time, Event event) {
        event.time = Math.max(now, time);
        planned++;
        if (event.time == now) {
            event.order = OF_THIS_INSTANT + planned;
        } else {
            event.order = chance.free(Freedom.ORDER) ? chance.turn() : planned;
        }
        events.add(event);
    }

    void at(long time, Runnable action) {
        at(time, event(action));
    }

    /** Plans a fault, or anything that has to precede the other events of that instant. The order of the others doesn't change. */
    void fault(long time, Runnable action) {
        Event event = event(action);
        event.time = Math.max(now, time);
        event.order = FAULTS + ++planned;
        events.add(event);
    }

    private static Event event(Runnable action) {
        return new Event() {
            @Override
            void happen() {
                action.run();
            }
        };
    }

    /** Returns the time of the next event, or {@link Long#MAX_VALUE}. */
    long next() {
        return events.firstTime();
    }

    /** Takes the next event and moves time to it; null if there is none. */
    @Nullable
    Event take() {
        Event first = events.poll();
        if (first != null) {
            now = first.time;
        }
        return first;
    }

    /** Moves time forward; no event may be due before. */
    void advance(long time) {
        now = Math.max(now, time);
    }

    int size() {
        return events.size();
    }

    /**
     * Returns a separate stream of random numbers for each purpose, so that using one more does not change the others. Seeds are scrambled first,
     * because near ones would give overlapping streams.
     */
    static RandomGenerator random(long seed, String purpose) {
        return new SplittableRandom(scrambled(scrambled(seed) + purpose.hashCode()));
    }

    /** The finalizer of MurmurHash3. */
    static long scrambled(long value) {
        long mixed = (value ^ (value >>> 33)) * 0xff51afd7ed558ccdL;
        mixed = (mixed ^ (mixed >>> 33)) * 0xc4ceb9fe1a85ec53L;
        return mixed ^ (mixed >>> 33);
    }
}
