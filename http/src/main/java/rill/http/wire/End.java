package rill.http.wire;

import java.util.Objects;

/**
 * The end of a message that has a body.
 *
 * @param trailers the fields after the body; only with a body in chunks
 */
public record End(HttpFields trailers) implements BodyEvent {
    private static final End BARE = new End(HttpFields.none());

    /**
     * An end with these trailers.
     *
     * @throws IllegalArgumentException if one of them decides how the message is framed or routed, and so belongs in the head
     */
    public End {
        Objects.requireNonNull(trailers, "trailers");
        for (int i = 0; i < trailers.size(); i++) {
            if (isNoTrailer(trailers.known(i))) {
                throw new IllegalArgumentException(trailers.name(i) + " can't be a trailer");
            }
        }
    }

    /** Whether a field decides how a message is framed or routed, or what happens to the connection. */
    static boolean isNoTrailer(int known) {
        return known >= 0 && known <= KnownFields.LAST_WITH_MEANING;
    }

    /** Returns an end without trailers; always the same object. */
    public static End of() {
        return BARE;
    }
}
