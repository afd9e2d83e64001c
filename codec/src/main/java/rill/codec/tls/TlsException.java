package rill.codec.tls;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * TLS has failed, in the handshake or later: the message says with whom, why and what to do about it. The peer is told as well: by an alert
 * where it is the engine that has refused, and a good-bye where that can send no alert of ours, as for a flood.
 */
public class TlsException extends IOException {
    private final @Nullable String alert;
    private final boolean fromPeer;

    TlsException(String message, @Nullable String alert, boolean fromPeer, @Nullable Throwable cause) {
        super(message, cause);
        this.alert = alert;
        this.fromPeer = fromPeer;
    }

    /** The alert in the words of RFC 8446, section 6, such as {@code bad_certificate}; null if there was none. */
    public @Nullable String alert() {
        return alert;
    }

    /** Whether the alert came from the peer: it was the peer that refused. */
    public boolean isFromPeer() {
        return fromPeer;
    }
}
