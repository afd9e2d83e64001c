package rill.http.wire;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The head of a response: its status, what is said with that, and its fields. Immutable; each method that changes something gives a changed copy.
 *
 * <p>How long the body is, {@link #bodyLength(long)} says, or fields do: {@code Content-Length}, or {@code Transfer-Encoding: chunked}. If neither
 * does, the body is over when the connection is.
 *
 * <p><b>Errors:</b> one that could not be sent, or that two readers could take for different responses, can't be made:
 * {@link IllegalArgumentException}.
 */
public final class ResponseHead implements Head, ResponseEvent {
    private static final int FIRST = 100;
    private static final int LAST = 999;
    private static final byte[] NOTHING = {};

    private final int status;
    private final String reason;
    private final int minorVersion;
    private final HttpFields fields;
    private final HttpFields more; // are sent after these
    private final long declaredLength; // of the body that GET would have had
    private final long bodyLength;
    private final boolean lengthInFields; // or else it is written for them
    private final boolean closing; // to be written as well
    private final byte @Nullable [] content;

    /** One that came. */
    ResponseHead(int status, String reason, int minorVersion, HttpFields fields, long declaredLength, long bodyLength) {
        this(status, reason, minorVersion, fields, HttpFields.none(), declaredLength, bodyLength, true, false, null);
    }

    private ResponseHead(
            int status,
            String reason,
            int minorVersion,
            HttpFields fields,
            HttpFields more,
            long declaredLength,
            long bodyLength,
            boolean lengthInFields,
            boolean closing,
            byte @Nullable [] content) {
        this.status = status;
        this.reason = reason;
        this.minorVersion = minorVersion;
        this.fields = fields;
        this.more = more;
        this.declaredLength = declaredLength;
        this.bodyLength = bodyLength;
        this.lengthInFields = lengthInFields;
        this.closing = closing;
        this.content = content;
    }

    // ---- making

    /** A response of HTTP/1.1 with these fields, and what is usually said with its status. */
    public static ResponseHead of(int status, HttpFields fields) {
        return made(status, status >= FIRST && status <= LAST ? Reasons.of(status) : "", fields);
    }

    /** {@link #of(int, HttpFields)} with another reason. */
    public static ResponseHead of(int status, String reason, HttpFields fields) {
        Grammar.requireText(reason, "the reason");
        return made(status, reason, fields);
    }

    private static ResponseHead made(int status, String reason, HttpFields fields) {
        if (status < FIRST || status > LAST) {
            throw new IllegalArgumentException("a status has three digits, unlike " + status);
        }
        try {
            int facts = fields.facts();
            long length = FieldFacts.lengthOfResponse(facts, fields.contentLength(), 1, status);
            return new ResponseHead(status, reason, 1, fields, length, length);
        } catch (HttpProtocolException e) {
            throw new IllegalArgumentException(e.violation(), e);
        }
    }

    /**
     * With a body of so many bytes, or {@link Head#CHUNKED}: the field that says so is written, too, where a response with this status has one. To the
     * answer to HEAD it is the length of the body that GET would have.
     */
    public ResponseHead bodyLength(long length) {
        if (length < CHUNKED) {
            throw new IllegalArgumentException("a length, or CHUNKED, not " + length);
        }
        boolean without = saysNoLength(length);
        return new ResponseHead(status, reason, minorVersion, fields, more, length, length, without, closing, null);
    }

    /** Whether a response with this status has no field for a length, which is 0 then. */
    private boolean saysNoLength(long length) {
        if ((fields.facts() & (FieldFacts.HAS_LENGTH | FieldFacts.CHUNKED)) != 0) {
            throw new IllegalArgumentException("the fields say already how long the body is: " + fields);
        }
        boolean without = status < 200 || status == 204 || status == 304;
        if (without && length != 0) {
            throw new IllegalArgumentException("a response with status " + status + " has no body");
        }
        return without;
    }

    /**
     * With all of its body: neither Data nor End are to follow. The answer to HEAD leaves it out.
     *
     * @param bytes the body; nobody may change them any more
     */
    public ResponseHead content(byte[] bytes) {
        boolean without = saysNoLength(bytes.length);
        return new ResponseHead(status, reason, minorVersion, fields, more, bytes.length, 0, without, closing, bytes);
    }

    /** With these fields after its own, such as those that many responses have in common. They say nothing of the framing. */
    public ResponseHead followedBy(HttpFields common) {
        if (common.facts() != 0) {
            throw new IllegalArgumentException("these say what becomes of the message or of the connection: " + common);
        }
        HttpFields all = more.isEmpty() ? common : more.addAll(common);
        return new ResponseHead(
                status,
                reason,
                minorVersion,
                fields,
                all,
                declaredLength,
                bodyLength,
                lengthInFields,
                closing,
                content);
    }

    /** With {@code Connection: close}, unless the fields say so already. */
    public ResponseHead close() {
        if (!keepAlive()) {
            return this;
        }
        return new ResponseHead(
                status, reason, minorVersion, fields, more, declaredLength, bodyLength, lengthInFields, true, content);
    }

    // ---- asking

    /** The status: three digits. */
    public int status() {
        return status;
    }

    /** Whether it comes before the response proper: 1xx, but for 101. */
    public boolean isInterim() {
        return status < 200 && status != 101;
    }

    /** What is said with the status. */
    public String reason() {
        return reason;
    }

    @Override
    public HttpFields fields() {
        HttpFields all = fields.addAll(more);
        if (!lengthInFields && declaredLength >= 0) {
            all = all.add("content-length", Long.toString(declaredLength));
        } else if (!lengthInFields && declaredLength == CHUNKED) {
            all = all.add("transfer-encoding", "chunked");
        }
        return closing ? all.add("connection", "close") : all;
    }

    /** Whether there is a field of this name, as far as that was given and is not for the codec to say. */
    public boolean has(String name) {
        return fields.contains(name) || more.contains(name);
    }

    @Override
    public int minorVersion() {
        return minorVersion;
    }

    /** See {@link Head#bodyLength()}. One that was made does not know of HEAD or CONNECT; the session that writes it does. */
    @Override
    public long bodyLength() {
        return bodyLength;
    }

    @Override
    public boolean keepAlive() {
        return !closing && bodyLength != UNTIL_CLOSE && FieldFacts.keepAlive(fields.facts(), minorVersion);
    }

    // ---- for the codecs

    /** How long the body is that the fields tell of, if the request was neither HEAD nor CONNECT. */
    long declaredLength() {
        return declaredLength;
    }

    /** The body, if it comes with the head; otherwise nothing. */
    byte[] content() {
        return content == null ? NOTHING : content;
    }

    boolean hasContent() {
        return content != null;
    }

    HttpFields ownFields() {
        return fields;
    }

    HttpFields moreFields() {
        return more;
    }

    boolean lengthInFields() {
        return lengthInFields;
    }

    /** Whether the fields don't say yet that the connection closes. */
    boolean closing() {
        return closing;
    }

    // ---- as an object

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof ResponseHead head
                && head.status == status
                && head.reason.equals(reason)
                && head.minorVersion == minorVersion
                && head.fields().equals(fields());
    }

    @Override
    public int hashCode() {
        return Objects.hash(status, reason, fields());
    }

    @Override
    public String toString() {
        return "HTTP/1." + minorVersion + " " + status + " " + reason + " " + fields();
    }
}
