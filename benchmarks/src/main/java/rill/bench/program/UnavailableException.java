package rill.bench.program;

/** Something can't be measured here; the message says why, and becomes part of the report. */
public final class UnavailableException extends Exception {
    /** The reason is text for a reader of the report. */
    public UnavailableException(String reason) {
        super(reason);
    }
}
