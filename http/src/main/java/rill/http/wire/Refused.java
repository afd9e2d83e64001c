package rill.http.wire;

import java.util.Objects;

/**
 * The last event that a server reads if it wants to answer invalid requests: see {@link HttpWire#answeringServer}. Earlier requests are unaffected.
 * Anything received afterwards is discarded.
 *
 * @param status the status for the client: 408 if it took too long, otherwise {@link HttpProtocolException#status}
 * @param why in words
 */
public record Refused(int status, String why) implements RequestEvent {
    /** A refusal. */
    public Refused {
        Objects.requireNonNull(why, "why");
    }
}
