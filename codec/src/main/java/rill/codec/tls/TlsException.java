package rill.codec.tls;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * TLS has failed, in the handshake or later. The message names the peer, the reason and, where possible, a remedy. The peer is notified as well: by
 * an alert if the engine has refused, or by a good-bye where the engine can't send an alert of ours, such as for a flood.
 */
public class TlsException extends IOException {
    private final @Nullable String alert;
    private final boolean fromPeer;

    TlsException(String message, @Nullable String alert, boolean fromPeer, @Nullable Throwable cause) {
        super(message, cause);
        this.alert = alert;
        this.fromPeer = fromPeer;
    }

    /**
     * The alert, named as in RFC 8446, section 6, such as {@code bad_certificate}; one of the peer that is unknown, by its number. Null if there was
     * none.
     */
    public @Nullable String alert() {
        return alert;
    }

    /** Whether the alert came from the peer, that is, whether the peer refused. */
    public boolean isFromPeer() {
        return fromPeer;
    }
}
