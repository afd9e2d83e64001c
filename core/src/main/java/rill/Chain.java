package rill;

import org.jspecify.annotations.Nullable;

/**
 * Items in an order, linked through themselves: adding one allocates nothing, and any of them can be removed in constant time. It is guarded by its
 * owner.
 */
class Chain<T extends Chain.Item<T>> {
    /** Something that can be in one Chain at a time. */
    abstract static class Item<T extends Item<T>> {
        @Nullable
        T before;

        @Nullable
        T after;
    }

    private @Nullable T first;
    private @Nullable T last;

    /** The first item, or null. */
    final @Nullable T first() {
        return first;
    }

    /** The last item, or null. */
    final @Nullable T last() {
        return last;
    }

    /** Adds an item behind all others. */
    final void append(T item) {
        insert(last, item);
    }

    /** Adds an item behind {@code before}, or at the front if that is null. */
    final void insert(@Nullable T before, T item) {
        T after = before == null ? first : before.after;
        join(before, item);
        join(item, after);
    }

    /** Removes an item that is in here. */
    void remove(T item) {
        join(item.before, item.after);
        item.before = null;
        item.after = null;
    }

    /** Makes two items neighbours, or one of them the first or the last. */
    private void join(@Nullable T before, @Nullable T after) {
        if (before == null) {
            first = after;
        } else {
            before.after = after;
        }
        if (after == null) {
            last = before;
        } else {
            after.before = before;
        }
    }
}
