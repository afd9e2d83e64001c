package rill.codec.tls;

/**
 * The peer's stream has ended too early: in the middle of the handshake, or later without the good-bye of TLS ({@code close_notify}). The network or
 * an attacker may have cut it off, so it is unknown whether the peer meant to send more. All bytes that arrived before were delivered. A protocol
 * whose messages mark their own ends may ignore this failure.
 *
 * <p><b>Source:</b> RFC 8446, section 6.1.
 */
public final class TlsTruncatedException extends TlsException {
    TlsTruncatedException(String message) {
        super(message, null, false, null);
    }
}
