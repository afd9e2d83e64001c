package rill.codec.internal;

/** What the codecs share when they write payloads. */
public final class Payloads {
    /** Payloads of at least this many bytes are passed on instead of copied: about where a copy begins to cost more than a buffer. */
    public static final int WORTH_PASSING = 8 * 1024;

    private Payloads() {}
}
