package rill;

import java.io.IOException;

/**
 * The peer broke the protocol. The connection is closed: nothing that follows can be trusted.
 *
 * <p>A session throws it with the position relative to the bytes passed to its {@code decode} call; the connection converts that to the position in
 * the whole stream. A protocol that can tell the peer what was wrong has a subclass for that purpose.
 */
public class ProtocolException extends IOException {
    private static final long serialVersionUID = 1L;

    private final String violation;
    private int position;
    private long base;
    private boolean byTls;
    private boolean byEnd;

    /**
     * A violation at a known position.
     *
     * @param position offset from the first byte that was visible to the call to {@code decode}
     * @param violation what was found and what was expected: {@code "expected CR LF after 5 bytes, found 0x41"}
     */
    public ProtocolException(int position, String violation) {
        super(violation);
        this.position = position;
        this.violation = violation;
    }

    /** A violation at the position where the call to {@code decode} began. */
    public ProtocolException(String violation) {
        this(0, violation);
    }

    /** What was found and what was expected. */
    public final String violation() {
        return violation;
    }

    /** The number of bytes of the stream (as its layer sees it) before the violation. */
    public final long offset() {
        return base + position;
    }

    /**
     * Whether the violation is only that the peer's stream ended too early, as a network failure may cause: everything received before was valid so
     * far. This holds for whatever a session throws in {@link Session#inputEnded}.
     */
    public final boolean streamEnded() {
        return byEnd;
    }

    /** Notes how many bytes later the bytes visible to the thrower began than those passed to {@code decode}. */
    ProtocolException within(int before) {
        position += before;
        return this;
    }

    /** Notes how many bytes of the stream preceded the call to {@code decode}. */
    ProtocolException atStreamPosition(long consumed) {
        base = consumed;
        return this;
    }

    /** Notes that the stream begins as TLS does. */
    ProtocolException byTls() {
        byTls = true;
        return this;
    }

    /** Notes that it was the end of the stream that broke the protocol. */
    ProtocolException byEnd() {
        byEnd = true;
        return this;
    }

    @Override
    public final String getMessage() {
        return violation + " (at byte " + offset() + " of the stream"
                + (byTls ? ", which begins as TLS does: the peer speaks it, and nothing here expects it" : "") + ")";
    }
}
