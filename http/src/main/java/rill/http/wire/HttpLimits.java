package rill.http.wire;

/**
 * Limits beyond which a message is refused. Immutable; each method that takes an argument returns a changed copy. Bodies have no limit here, since they
 * are delivered in pieces.
 *
 * <p><b>Units:</b> bytes, unless stated otherwise.
 */
public final class HttpLimits {
    private static final HttpLimits DEFAULTS = new HttpLimits(8 * 1024, 16 * 1024, 100, 256, 4 * 1024);

    private final int startLine;
    private final int head;
    private final int fields;
    private final int chunkLine;
    private final int trailers;

    private HttpLimits(int startLine, int head, int fields, int chunkLine, int trailers) {
        this.startLine = within(16, startLine, HttpFields.LARGEST, "startLine");
        this.head = within(16, head, HttpFields.LARGEST, "head");
        this.fields = within(1, fields, HttpFields.LARGEST, "fields");
        this.chunkLine = within(16, chunkLine, HttpFields.LARGEST, "chunkLine");
        this.trailers = within(2, trailers, HttpFields.LARGEST, "trailers");
    }

    private static int within(int least, int value, int most, String what) {
        if (value < least || value > most) {
            throw new IllegalArgumentException(what + " has to be from " + least + " to " + most + ", not " + value);
        }
        return value;
    }

    /** The defaults: a start line of 8 KiB, a head of 16 KiB with 100 fields, a chunk's line of 256 bytes, and trailers of 4 KiB. */
    public static HttpLimits defaults() {
        return DEFAULTS;
    }

    /** The largest size of the first line of a message. */
    public int startLine() {
        return startLine;
    }

    /** The largest size of a head, including its first line. */
    public int head() {
        return head;
    }

    /** The largest number of fields in a head, and of trailers. */
    public int fields() {
        return fields;
    }

    /**
     * The largest size of the line before a chunk, including its extensions, which are skipped. Lines that are much longer than their chunks are also
     * limited together: the bytes by which a line exceeds 16 plus twice the size of its chunk (counted up to {@link #head}) add up, shorter lines
     * reduce the sum, and it may not exceed {@link #head}.
     */
    public int chunkLine() {
        return chunkLine;
    }

    /** The largest size of all trailers together. */
    public int trailers() {
        return trailers;
    }

    /** Limits first lines to this many bytes. */
    public HttpLimits startLine(int bytes) {
        return new HttpLimits(bytes, head, fields, chunkLine, trailers);
    }

    /** Limits heads to this many bytes, 65,535 at most. */
    public HttpLimits head(int bytes) {
        return new HttpLimits(startLine, bytes, fields, chunkLine, trailers);
    }

    /** Limits the number of fields. */
    public HttpLimits fields(int most) {
        return new HttpLimits(startLine, head, most, chunkLine, trailers);
    }

    /** Limits lines before chunks to this many bytes. */
    public HttpLimits chunkLine(int bytes) {
        return new HttpLimits(startLine, head, fields, bytes, trailers);
    }

    /** Limits trailers to this many bytes. */
    public HttpLimits trailers(int bytes) {
        return new HttpLimits(startLine, head, fields, chunkLine, bytes);
    }

    @Override
    public String toString() {
        return "HttpLimits[startLine=" + startLine + ", head=" + head + ", fields=" + fields + ", chunkLine="
                + chunkLine + ", trailers=" + trailers + "]";
    }
}
