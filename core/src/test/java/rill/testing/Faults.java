package rill.testing;

import java.io.IOException;
import java.net.ConnectException;

/**
 * The faults of one connection of a {@link MemoryTransport}. Immutable; each method returns a changed copy.
 *
 * @param connectFailure why connecting fails, or null
 * @param neverConnects whether connecting is never answered
 * @param resetAfterRead the connection breaks once this many bytes were read; negative for never
 * @param resetAfterWritten the connection breaks once this many bytes were written; negative for never
 * @param stallAfterWritten nothing more is written after this many bytes; negative for never
 * @param writeAtMost the most bytes that one write completes with
 */
public record Faults(
        IOException connectFailure,
        boolean neverConnects,
        long resetAfterRead,
        long resetAfterWritten,
        long stallAfterWritten,
        int writeAtMost) {
    /** No faults. */
    public static Faults none() {
        return new Faults(null, false, -1, -1, -1, Integer.MAX_VALUE);
    }

    /** Connecting is refused. */
    public static Faults refused() {
        return none().failing(new ConnectException("Connection refused"));
    }

    /** Connecting is never answered. */
    public static Faults unanswered() {
        return new Faults(null, true, -1, -1, -1, Integer.MAX_VALUE);
    }

    /** Connecting fails with this cause. */
    public Faults failing(IOException cause) {
        return new Faults(cause, neverConnects, resetAfterRead, resetAfterWritten, stallAfterWritten, writeAtMost);
    }

    /** The connection breaks after this many bytes were read. */
    public Faults resetAfterRead(long bytes) {
        return new Faults(connectFailure, neverConnects, bytes, resetAfterWritten, stallAfterWritten, writeAtMost);
    }

    /** The connection breaks after this many bytes were written. */
    public Faults resetAfterWritten(long bytes) {
        return new Faults(connectFailure, neverConnects, resetAfterRead, bytes, stallAfterWritten, writeAtMost);
    }

    /** No more than this many bytes are ever written. */
    public Faults stallAfterWritten(long bytes) {
        return new Faults(connectFailure, neverConnects, resetAfterRead, resetAfterWritten, bytes, writeAtMost);
    }

    /** Each write completes with at most this many bytes. */
    public Faults writeAtMost(int bytes) {
        return new Faults(connectFailure, neverConnects, resetAfterRead, resetAfterWritten, stallAfterWritten, bytes);
    }
}
