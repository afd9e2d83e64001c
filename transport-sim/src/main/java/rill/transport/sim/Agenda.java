package rill.transport.sim;

import java.time.Duration;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The events to come, by time; and what time it is. Among those of one instant faults come first, as they were planned; then what was
 * planned earlier, in the order of planning or, where that is free, in any; and then what was planned in that instant, in order.
 */
final class Agenda {
    /** As far as anybody may plan, 73 years from the beginning: then what comes a while later has a number as well. */
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

    /** Nanoseconds since the simulation began. */
    long now() {
        return now;
    }

    /** In nanoseconds; durations of centuries are taken for the longest that there is. */
    static long nanos(Duration duration) {
        return Math.min(TimeUnit.NANOSECONDS.convert(duration), END); // the conversion saturates
    }

    /** So many nanoseconds from now. */
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

    /** A fault, or what has to come before anything else of that instant; it changes no order of others. */
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

    /** The time of the next event, or {@link Long#MAX_VALUE}. */
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

    /** Lets time pass; no event may be due before. */
    void advance(long time) {
        now = Math.max(now, time);
    }

    int size() {
        return events.size();
    }

    /**
     * A stream of random numbers of its own for each purpose, so that using one more does not change all others. Seeds are scrambled
     * first, because near ones would give overlapping streams.
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
