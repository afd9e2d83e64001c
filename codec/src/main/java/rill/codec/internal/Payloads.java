package rill.codec.internal;

/** What the codecs have in common when they write payloads. */
public final class Payloads {
    /**
     * From so many bytes on, a payload is handed on instead of copied: about where a copy begins to cost more than a
     * buffer.
     */
    public static final int WORTH_PASSING = 8 * 1024;

    private Payloads() {}
}
