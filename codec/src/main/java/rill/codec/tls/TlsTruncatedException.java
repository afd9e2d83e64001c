package rill.codec.tls;

/**
 * The peer has ended its stream too early, as the network may make it: in the middle of the handshake; or later without the good-bye of TLS
 * ({@code close_notify}), so that nobody knows whether the peer meant to say more: an attacker can cut a stream off as well. All that came before was
 * delivered. A protocol that knows by itself where its messages end may forgive it.
 *
 * <p><b>Source:</b> RFC 8446, section 6.1.
 */
public final class TlsTruncatedException extends TlsException {
    TlsTruncatedException(String message) {
        super(message, null, false, null);
    }
}
