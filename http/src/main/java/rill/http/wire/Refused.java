package rill.http.wire;

import java.util.Objects;

/**
 * The last thing that a server reads, if it wants to answer what it has to refuse: see {@link HttpWire#answeringServer}. Requests that came before it
 * are as good as ever. What comes after it is thrown away.
 *
 * @param status what tells the client: 408 if it took too long, and otherwise as {@link HttpProtocolException#status} says
 * @param why in words
 */
public record Refused(int status, String why) implements RequestEvent {
    /** A refusal. */
    public Refused {
        Objects.requireNonNull(why, "why");
    }
}
