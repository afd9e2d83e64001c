package rill.http.wire;

import java.nio.charset.StandardCharsets;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The head of a request: a method, a target, and fields. Immutable.
 *
 * <p><b>Errors:</b> a head that could not be sent, or that two readers could take for different requests, can't be made:
 * {@link IllegalArgumentException}.
 */
public final class RequestHead implements Head, RequestEvent {
    private static final int AFTER_TARGET = " HTTP/1.1\r\n".length();

    private final String method;
    private @Nullable String target; // of a received request: decoded when asked for
    private final int minorVersion;
    private final HttpFields fields;
    private final long bodyLength;

    RequestHead(String method, @Nullable String target, int minorVersion, HttpFields fields, long bodyLength) {
        this.method = method;
        this.target = target;
        this.minorVersion = minorVersion;
        this.fields = fields;
        this.bodyLength = bodyLength;
    }

    /**
     * Returns the head of an HTTP/1.1 request. Its fields state the length of the body: {@code Content-Length}, or {@code Transfer-Encoding: chunked};
     * with neither it has no body.
     *
     * @param target the path, with a query if there is one; the whole URI for a proxy; host and port for CONNECT; {@code *} for OPTIONS
     * @param fields must include a Host
     */
    public static RequestHead of(String method, String target, HttpFields fields) {
        Grammar.requireToken(method, "the method");
        requireTarget(method, target);
        try {
            int facts = fields.facts();
            long length = FieldFacts.lengthOfRequest(facts, fields.contentLength(), 1, method.equals("CONNECT"));
            return new RequestHead(method, target, 1, fields, length);
        } catch (HttpProtocolException e) {
            throw new IllegalArgumentException(e.violation(), e);
        }
    }

    private static void requireTarget(String method, String target) {
        for (int i = 0; i < target.length(); i++) {
            char c = target.charAt(i);
            if (c <= ' ' || c >= 0x7F || c == '#') {
                throw new IllegalArgumentException("the target has " + Grammar.shown(c) + " at " + i
                        + ", which is not allowed there; it would have to be encoded with a %");
            }
        }
        byte[] bytes = target.getBytes(StandardCharsets.US_ASCII);
        if (bytes.length == 0 || Targets.check(method, bytes, 0, bytes.length) < bytes.length) {
            throw new IllegalArgumentException("no target that " + method + " may have: " + target);
        }
    }

    /** Returns the method, with its case preserved: {@code GET}. */
    public String method() {
        return method;
    }

    /** Returns the target as it is on the wire: visible ASCII characters. */
    public String target() {
        String known = target;
        if (known == null) {
            int from = method.length() + 1;
            int length = fields.from() - AFTER_TARGET - from;
            known = new String(fields.bytes(), from, length, StandardCharsets.US_ASCII);
            target = known;
        }
        return known;
    }

    /**
     * Returns the authority that the request is for, as {@code host} or {@code host:port}: the one in the target if there is one, whatever Host says,
     * otherwise the one in Host; null if there is neither. <b>Source:</b> RFC 9112, 3.2.2 and 3.3.
     */
    public @Nullable String authority() {
        return authority(method, target(), fields);
    }

    /** Returns {@link #authority()} of a request that may not be valid. */
    public static @Nullable String authority(String method, String target, HttpFields fields) {
        if (method.equals("CONNECT")) {
            return target;
        }
        int host = target.startsWith("/") ? -1 : target.indexOf("://");
        if (host < 0) {
            return fields.get("host");
        }
        int from = host + 3;
        int to = from;
        while (to < target.length() && target.charAt(to) != '/' && target.charAt(to) != '?') {
            to++;
        }
        return target.substring(from, to);
    }

    @Override
    public HttpFields fields() {
        return fields;
    }

    @Override
    public int minorVersion() {
        return minorVersion;
    }

    @Override
    public long bodyLength() {
        return bodyLength;
    }

    @Override
    public boolean keepAlive() {
        return FieldFacts.keepAlive(fields.facts(), minorVersion);
    }

    /** Returns whether the client delays the body until it receives {@code 100 Continue}, or for a short time. */
    public boolean expectsContinue() {
        return minorVersion > 0 && hasBody() && (fields.facts() & FieldFacts.CONTINUE) != 0;
    }

    /** Returns whether there is any other expectation, which is unknown and should be answered with 417. */
    public boolean expectsUnknown() {
        return minorVersion > 0 && (fields.facts() & FieldFacts.OTHER_EXPECTATION) != 0;
    }

    /** Returns whether it asks for another protocol on this connection: {@code Upgrade} says which. */
    public boolean isUpgrade() {
        int both = FieldFacts.UPGRADE | FieldFacts.UPGRADE_OPTION;
        return minorVersion > 0 && (fields.facts() & both) == both;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof RequestHead head
                && head.method.equals(method)
                && head.target().equals(target())
                && head.minorVersion == minorVersion
                && head.fields.equals(fields);
    }

    @Override
    public int hashCode() {
        return Objects.hash(method, target(), fields);
    }

    @Override
    public String toString() {
        return method + " " + target() + " HTTP/1." + minorVersion + " " + fields;
    }
}
