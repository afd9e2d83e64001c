package rill;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A value that must not get lost, such as a message or a connection: either somebody takes it, or it goes back to where it came from. It
 * belongs to one {@link Offer}, or to several.
 *
 * <p>A claim is a place from which the value can still be taken: a Future that has it as its outcome, or a Task or a thread that is about to
 * wake up with it. Once a Future has told its dependents, they have claims of their own, and it drops its own. While nobody has asked for the
 * value, and somebody still may, the Future keeps its claim.
 *
 * <pre>
 *  1 claim ◀──▶ several ──take──▶ TAKEN: claims mean nothing any more
 *     └─drop─▶ GONE: the value went back, and nobody gets it here
 * </pre>
 *
 * <p>Any thread.
 */
sealed interface Parcel permits Offer, Parcel.Several {
    /** One place more where it may be had. False if it has gone back. */
    boolean claim();

    /** One place less. With the last one it goes back, unless it was taken. */
    void drop();

    /** It is given to somebody outside of Rill. False if it has gone back. */
    boolean take();

    /** Whether it has gone back. */
    boolean gone();

    /** The outcome of a Future that has its value from another one. */
    record Carried(Object value, Parcel parcel) {}

    /** Those of several Futures, together. */
    record Several(List<Offer<?>> offers) implements Parcel {
        /** Those of these outcomes; null if there is none among them. */
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
