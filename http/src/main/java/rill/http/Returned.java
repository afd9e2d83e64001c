package rill.http;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Pieces of a body that were given back because nobody took them, kept in the order of the body whatever order they come back in. They are delivered
 * before all others.
 */
final class Returned {
    private @Nullable List<Piece> pieces; // null until there is one, which is rare

    void add(Piece piece) {
        List<Piece> all = pieces;
        if (all == null) {
            all = new ArrayList<>(2);
            pieces = all;
        }
        int at = 0;
        while (at < all.size() && all.get(at).number() < piece.number()) {
            at++;
        }
        all.add(at, piece);
    }

    /** Removes the first of them; null if there is none. */
    @Nullable
    Piece poll() {
        List<Piece> all = pieces;
        return all == null || all.isEmpty() ? null : all.removeFirst();
    }

    void releaseAll() {
        for (Piece each = poll(); each != null; each = poll()) {
            each.bytes().release();
        }
    }
}
