package rill;

import java.util.Queue;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Applies an action to each of several items, none of which may suffer from another, such as those that wait for the same end. What one throws, even
 * an Error for lack of memory, is reported, and the next has its turn.
 */
final class Each {
    private Each() {}

    /**
     * Removes the items that are present now, and no more: an item added meanwhile is left for another call.
     *
     * @param what with {@code subject} the name in reports
     */
    static <T> void taken(
            Queue<T> from, BareLoop loop, String what, @Nullable Object subject, Consumer<? super T> action) {
        for (int n = from.size(); n > 0; n--) {
            T next = from.poll();
            if (next == null) {
                return;
            }
            one(next, loop, what, subject, action);
        }
    }

    /** Applies the action to the items of a list that does not change meanwhile. */
    static <T> void of(
            Iterable<? extends T> all,
            BareLoop loop,
            String what,
            @Nullable Object subject,
            Consumer<? super T> action) {
        for (T each : all) {
            one(each, loop, what, subject, action);
        }
    }

    private static <T> void one(
            T each, BareLoop loop, String what, @Nullable Object subject, Consumer<? super T> action) {
        try {
            action.accept(each);
        } catch (Throwable t) {
            loop.threw(what, subject, t);
        }
    }

    /** The cause of a failure; if composing it fails, for example for lack of memory, what was thrown instead. */
    static Throwable cause(Supplier<? extends Throwable> words) {
        try {
            return words.get();
        } catch (Throwable t) {
            return t;
        }
    }
}
