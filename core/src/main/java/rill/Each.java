package rill;

import java.util.Queue;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Does the same to each of several of whom none is to suffer for another, such as those who wait for the same end: what one throws, if only an Error for want
 * of memory, is reported, and the next has its turn.
 */
final class Each {
    private Each() {}

    /**
     * Takes out those that are in now, and no more: what comes meanwhile is somebody else's turn.
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

    /** Those of a list that does not change meanwhile. */
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

    /** The cause that something fails with; if it can't be put in words, for want of memory, say, what was thrown instead. */
    static Throwable cause(Supplier<? extends Throwable> words) {
        try {
            return words.get();
        } catch (Throwable t) {
            return t;
        }
    }
}
