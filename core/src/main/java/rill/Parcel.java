package rill;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A value that must not get lost, such as a message or a connection: either it is taken, or it returns to its source. It belongs to one
 * {@link Offer}, or to several.
 *
 * <p>A claim is a place from which the value can still be taken: a Future that has it as its outcome, or a Task or a thread that is about to wake up
 * with it. Once a Future has notified its dependents, they have claims of their own, and it drops its own. While nobody has asked for the value, and
 * somebody still may, the Future keeps its claim.
 *
 * <pre>
 *  1 claim ◀──▶ several ──take──▶ TAKEN: claims mean nothing any more
 *     └─drop─▶ GONE: the value has returned to its source, and is not available here
 * </pre>
 *
 * <p>Any thread.
 */
sealed interface Parcel permits Offer, Parcel.Several {
    /** Adds a place from which the value can be taken. Returns false if the value has returned to its source. */
    boolean claim();

    /** Removes a place. With the last one the value returns to its source, unless it was taken. */
    void drop();

    /** Called when the value is passed to code outside Rill. Returns false if it has returned to its source. */
    boolean take();

    /** Whether the value has returned to its source. */
    boolean gone();

    /** The outcome of a Future that has its value from another one. */
    record Carried(Object value, Parcel parcel) {}

    /** The values of several Futures, together. */
    record Several(List<Offer<?>> offers) implements Parcel {
        /** The Offers behind these outcomes; null if there are none. */
        static @Nullable Parcel of(@Nullable Object[] outcomes) {
            List<Offer<?>> found = new ArrayList<>();
            for (@Nullable Object outcome : outcomes) {
                if (outcome instanceof Carried carried) {
                    switch (carried.parcel) {
                        case Offer<?> one -> found.add(one);
                        case Several several -> found.addAll(several.offers); // flat, since they may be nested deeply
                    }
                }
            }
            return found.isEmpty() ? null : new Several(found);
        }

        @Override
        public boolean claim() {
            for (int i = 0; i < offers.size(); i++) {
                if (!offers.get(i).claim()) {
                    offers.subList(0, i).forEach(Offer::drop);
                    return false;
                }
            }
            return true;
        }

        @Override
        public void drop() {
            offers.forEach(Offer::drop);
        }

        @Override
        public boolean take() {
            if (!claim()) {
                return false;
            }
            offers.forEach(Offer::take);
            return true;
        }

        @Override
        public boolean gone() {
            return offers.stream().anyMatch(Offer::gone);
        }
    }
}
