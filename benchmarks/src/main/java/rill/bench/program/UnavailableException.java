package rill.bench.program;

/** Something can't be measured here; the message says why, and becomes part of the report. */
public final class UnavailableException extends Exception {
    /** Creates an exception with the reason, in words for readers of a report. */
    public UnavailableException(String reason) {
        super(reason);
    }
}
