package rill;

import java.util.Arrays;
import java.util.IdentityHashMap;
import org.jspecify.annotations.Nullable;

/**
 * What depends on a Future, in order of arrival: {@link Dependent}s and callbacks. A Future holds a single one directly, a few in an array that is
 * copied upon each change, and many in an instance of this class, which removes each in constant time.
 *
 * <p>Nearly all Futures have one dependent. But a signal, or a result that many wait for, may have tens of thousands, and most of them may give up.
 *
 * <p>Any thread: it is guarded by its own lock, and makes no calls while it holds that.
 */
final class Dependents {
    /** The capacity of an array. */
    static final int FEW = 8;

    private static final Object[] NONE = {};

    /** The result of removing one. */
    enum Removal {
        /** It was absent, or all are being notified. */
        ABSENT,
        /** It was removed, and others wait. */
        OTHERS_LEFT,
        /** It was removed, and none is left that counts. */
        LAST
    }

    private final IdentityHashMap<Object, Entry> entries = new IdentityHashMap<>(); // the latest of those added twice
    private final Chain<Entry> inOrder = new Chain<>();
    private int size;
    private int counting;
    private int owning;
    private boolean over; // the Future has replaced it

    private static final class Entry extends Chain.Item<Entry> {
        final Object dependent;

        @Nullable
        Entry twin; // an earlier entry of the same dependent

        Entry(Object dependent) {
            this.dependent = dependent;
        }
    }

    private Dependents(Object[] few) {
        for (Object each : few) {
            append(each);
        }
    }

    // ---- what a Future holds: null, one dependent, an array, or an instance of this class

    /** Returns what is held, with one dependent added. Not for an instance of this class. */
    static Object with(@Nullable Object held, Object dependent) {
        if (held == null) {
            return dependent;
        }
        Object[] more;
        if (held instanceof Object[] few) {
            more = Arrays.copyOf(few, few.length + 1);
            more[few.length] = dependent;
        } else {
            more = new Object[] {held, dependent};
        }
        return more.length <= FEW ? more : new Dependents(more);
    }

    /** Returns what is held, without one dependent; {@code held} itself if it was absent. Not for an instance of this class. */
    static @Nullable Object without(Object held, Object dependent) {
        if (held == dependent) {
            return null;
        }
        if (!(held instanceof Object[] few)) {
            return held;
        }
        for (int i = 0; i < few.length; i++) {
            if (few[i] == dependent) {
                if (few.length == 2) {
                    return few[1 - i];
                }
                Object[] left = Arrays.copyOf(few, few.length - 1);
                System.arraycopy(few, i + 1, left, i, left.length - i);
                return left;
            }
        }
        return held;
    }

    /** Returns all, in order. The Future has replaced them. */
    static Object[] take(@Nullable Object held) {
        return switch (held) {
            case null -> NONE;
            case Object[] few -> few;
            case Dependents many -> many.end();
            default -> new Object[] {held};
        };
    }

    /** The number of dependents. */
    static int size(@Nullable Object held) {
        return switch (held) {
            case null -> 0;
            case Object[] few -> few.length;
            case Dependents many -> many.size();
            default -> 1;
        };
    }

    /** Whether any of them counts. */
    static boolean anyCounts(@Nullable Object held) {
        return switch (held) {
            case null -> false;
            case Object[] few -> {
                for (Object each : few) {
                    if (counts(each)) {
                        yield true;
                    }
                }
                yield false;
            }
            case Dependents many -> many.anyCounts();
            default -> counts(held);
        };
    }

    /** Whether the value is for any of them. */
    static boolean anyOwns(@Nullable Object held) {
        return switch (held) {
            case null -> false;
            case Object[] few -> {
                for (Object each : few) {
                    if (owns(each)) {
                        yield true;
                    }
                }
                yield false;
            }
            case Dependents many -> many.anyOwns();
            default -> owns(held);
        };
    }

    /** Whether any of them looks at the outcome. For what a Future held, once it has replaced that. */
    static boolean anyLooks(@Nullable Object held) {
        for (Object each : take(held)) {
            if (looks(each)) {
                return true;
            }
        }
        return false;
    }

    private static boolean counts(Object dependent) {
        return !(dependent instanceof Dependent part) || part.counts();
    }

    /** Whether this dependent looks at the outcome. */
    static boolean looks(Object dependent) {
        return !(dependent instanceof Dependent part) || part.looks();
    }

    /** Whether the value is for this dependent. */
    static boolean owns(Object dependent) {
        return !(dependent instanceof Dependent part) || part.owns();
    }

    // ---- an instance of this class

    /** Returns false if the Future has replaced this: look again. */
    synchronized boolean add(Object dependent) {
        if (over) {
            return false;
        }
        append(dependent);
        return true;
    }

    private void append(Object dependent) {
        var entry = new Entry(dependent);
        inOrder.append(entry);
        entry.twin = entries.put(dependent, entry);
        count(dependent, 1);
    }

    /** Returns null if the Future has replaced this: look again. */
    synchronized @Nullable Removal remove(Object dependent, Future<?> owner) {
        if (over) {
            return null;
        }
        Entry entry = entries.remove(dependent);
        if (entry == null) {
            return Removal.ABSENT;
        }
        if (entry.twin != null) {
            entries.put(dependent, entry.twin);
        }
        inOrder.remove(entry);
        count(dependent, -1);
        if (size <= FEW / 2) { // the burst is over, and its memory is released
            Object[] left = toArray();
            over = owner.replaceDependents(this, size > 1 ? left : size == 1 ? left[0] : null);
        }
        return counting > 0 ? Removal.OTHERS_LEFT : Removal.LAST;
    }

    private void count(Object dependent, int n) {
        size += n;
        counting += counts(dependent) ? n : 0;
        owning += owns(dependent) ? n : 0;
    }

    private synchronized int size() {
        return size;
    }

    private synchronized boolean anyCounts() {
        return counting > 0;
    }

    private synchronized boolean anyOwns() {
        return owning > 0;
    }

    private synchronized Object[] end() {
        over = true;
        return toArray();
    }

    private Object[] toArray() {
        var array = new Object[size];
        int n = 0;
        for (Entry entry = inOrder.first(); entry != null; entry = entry.after) {
            array[n++] = entry.dependent;
        }
        return array;
    }
}
