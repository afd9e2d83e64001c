package rill.testing;

import java.io.IOException;
import java.net.ConnectException;

/**
 * What is to go wrong with one connection of a {@link MemoryTransport}; immutable, each method gives a changed copy.
 *
 * @param connectFailure why connecting fails, or null
 * @param neverConnects whether connecting is never answered
 * @param resetAfterRead the connection breaks once so many bytes were read; negative for never
 * @param resetAfterWritten the connection breaks once so many bytes were written; negative for never
 * @param stallAfterWritten nothing more is written after so many bytes; negative for never
 * @param writeAtMost the most that one write completes with
 */
public record Faults(
        IOException connectFailure,
        boolean neverConnects,
        long resetAfterRead,
        long resetAfterWritten,
        long stallAfterWritten,
        int writeAtMost) {
    /** All is well. */
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

    /** Connecting fails with this. */
    public Faults failing(IOException cause) {
        return new Faults(cause, neverConnects, resetAfterRead, resetAfterWritten, stallAfterWritten, writeAtMost);
    }

    /** Breaks after so many bytes were read. */
    public Faults resetAfterRead(long bytes) {
        return new Faults(connectFailure, neverConnects, bytes, resetAfterWritten, stallAfterWritten, writeAtMost);
    }

    /** Breaks after so many bytes were written. */
    public Faults resetAfterWritten(long bytes) {
        return new Faults(connectFailure, neverConnects, resetAfterRead, bytes, stallAfterWritten, writeAtMost);
    }

    /** Writes no more than so many bytes, ever. */
    public Faults stallAfterWritten(long bytes) {
        return new Faults(connectFailure, neverConnects, resetAfterRead, resetAfterWritten, bytes, writeAtMost);
    }

    /** Each write completes with so many bytes at most. */
    public Faults writeAtMost(int bytes) {
        return new Faults(connectFailure, neverConnects, resetAfterRead, resetAfterWritten, stallAfterWritten, bytes);
    }
}
