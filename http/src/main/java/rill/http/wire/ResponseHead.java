package rill.http.wire;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The head of a response: a status, a reason, and fields. Immutable; each method that changes something returns a changed copy.
 *
 * <p>The length of the body is set by {@link #bodyLength(long)} or by the fields: {@code Content-Length}, or {@code Transfer-Encoding: chunked}. With
 * none of these, the body ends with the connection.
 *
 * <p><b>Errors:</b> a head that could not be sent, or that two readers could take for different responses, can't be made:
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
    private final HttpFields more; // sent after these
    private final long declaredLength; // of the body that GET would have had
    private final long bodyLength;
    private final boolean lengthInFields; // otherwise it is written after them
    private final boolean closing; // to be written too
    private final byte @Nullable [] content;

    /** A received one. */
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

    /** Returns the head of an HTTP/1.1 response with these fields, and the usual reason for its status. */
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
     * Returns a copy with a body of this length, or {@link Head#CHUNKED}: the field for it is written too, if a response with this status has one. In
     * the answer to HEAD it is the length of the body that GET would have.
     */
    public ResponseHead bodyLength(long length) {
        if (length < CHUNKED) {
            throw new IllegalArgumentException("a length, or CHUNKED, not " + length);
        }
        boolean without = saysNoLength(length);
        return new ResponseHead(status, reason, minorVersion, fields, more, length, length, without, closing, null);
    }

    /** Whether a response with this status has no field for the length, which must then be 0. */
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
     * Returns a copy that includes the whole body: neither Data nor End may follow. It is not sent in an answer to HEAD.
     *
     * @param bytes the body; not copied, must not be changed afterwards
     */
    public ResponseHead content(byte[] bytes) {
        boolean without = saysNoLength(bytes.length);
        return new ResponseHead(status, reason, minorVersion, fields, more, bytes.length, 0, without, closing, bytes);
    }

    /**
     * Returns a copy with these fields after its own, such as those that many responses have in common. They may not concern the framing or the
     * connection.
     */
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

    /** Returns a copy with {@code Connection: close}, unless the fields say so already. */
    public ResponseHead close() {
        if (!keepAlive()) {
            return this;
        }
        return new ResponseHead(
                status, reason, minorVersion, fields, more, declaredLength, bodyLength, lengthInFields, true, content);
    }

    // ---- asking

    /** Returns the status: three digits. */
    public int status() {
        return status;
    }

    /** Returns whether it precedes the final response: 1xx, except 101. */
    public boolean isInterim() {
        return status < 200 && status != 101;
    }

    /** Returns the reason that accompanies the status. */
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

    /** Returns whether there is a field of this name, not counting those that the codec adds. */
    public boolean has(String name) {
        return fields.contains(name) || more.contains(name);
    }

    @Override
    public int minorVersion() {
        return minorVersion;
    }

    /** See {@link Head#bodyLength()}. A head that was made here does not take HEAD or CONNECT into account; the session that writes it does. */
    @Override
    public long bodyLength() {
        return bodyLength;
    }

    @Override
    public boolean keepAlive() {
        return !closing && bodyLength != UNTIL_CLOSE && FieldFacts.keepAlive(fields.facts(), minorVersion);
    }

    // ---- for the codecs

    /** The length of the body according to the fields, as if the request were neither HEAD nor CONNECT. */
    long declaredLength() {
        return declaredLength;
    }

    /** The body, if it is part of the head; otherwise empty. */
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

    /** Whether the closing of the connection must be written in addition to the fields. */
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
