package rill.http.wire;

/**
 * How much of a message is taken before it is refused; immutable, each method that takes an argument gives a changed copy. Bodies have no limit
 * here: they come in pieces.
 *
 * <p><b>Units:</b> bytes, where nothing else is said.
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

    /** A start line of 8 KiB, a head of 16 KiB with 100 fields, a chunk's line of 256 bytes, and trailers of 4 KiB. */
    public static HttpLimits defaults() {
        return DEFAULTS;
    }

    /** How long the first line of a message may be. */
    public int startLine() {
        return startLine;
    }

    /** How long a head may be, with its first line. */
    public int head() {
        return head;
    }

    /** How many fields a head may have, and how many trailers there may be. */
    public int fields() {
        return fields;
    }

    /**
     * How long the line before a chunk may be, with its extensions, which are skipped. All lines of a body together may have as many bytes as a
     * {@link #head}, and a sixteenth of the body, beyond what they need.
     */
    public int chunkLine() {
        return chunkLine;
    }

    /** How long all trailers may be. */
    public int trailers() {
        return trailers;
    }

    /** With first lines of up to this many bytes. */
    public HttpLimits startLine(int bytes) {
        return new HttpLimits(bytes, head, fields, chunkLine, trailers);
    }

    /** With heads of up to this many bytes, 65,535 at most. */
    public HttpLimits head(int bytes) {
        return new HttpLimits(startLine, bytes, fields, chunkLine, trailers);
    }

    /** With up to this many fields. */
    public HttpLimits fields(int most) {
        return new HttpLimits(startLine, head, most, chunkLine, trailers);
    }

    /** With lines before chunks of up to this many bytes. */
    public HttpLimits chunkLine(int bytes) {
        return new HttpLimits(startLine, head, fields, bytes, trailers);
    }

    /** With trailers of up to this many bytes. */
    public HttpLimits trailers(int bytes) {
        return new HttpLimits(startLine, head, fields, chunkLine, bytes);
    }

    @Override
    public String toString() {
        return "HttpLimits[startLine=" + startLine + ", head=" + head + ", fields=" + fields + ", chunkLine="
                + chunkLine + ", trailers=" + trailers + "]";
    }
}
