package rill.http.wire;

import java.util.Objects;

/**
 * The end of a message that has a body.
 *
 * @param trailers what came, or is sent, after the body; of a body in chunks alone
 */
public record End(HttpFields trailers) implements BodyEvent {
    private static final End BARE = new End(HttpFields.none());

    /**
     * An end with these trailers.
     *
     * @throws IllegalArgumentException if one of them decides how a message is framed or where it goes, and so has to come before it
     */
    public End {
        Objects.requireNonNull(trailers, "trailers");
        for (int i = 0; i < trailers.size(); i++) {
            if (isNoTrailer(trailers.known(i))) {
                throw new IllegalArgumentException(trailers.name(i) + " can't be a trailer");
            }
        }
    }

    /** Whether a field decides how a message is framed, or where it goes. */
    static boolean isNoTrailer(int known) {
        return known >= 0 && known <= KnownFields.LAST_WITH_MEANING;
    }

    /** An end without trailers; always the same object. */
    public static End of() {
        return BARE;
    }
}
