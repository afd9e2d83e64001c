package rill.http;

import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import rill.http.wire.HttpFields;

/** A request, as an {@link HttpClient} sends it. Immutable; each method that takes an argument gives a changed copy. */
public final class ClientRequest {
    private static final Set<String> IDEMPOTENT = Set.of("GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE");

    /** What the client itself says. */
    private static final List<String> RESERVED = List.of(
            "connection",
            "content-length",
            "expect",
            "host",
            "keep-alive",
            "proxy-connection",
            "te",
            "transfer-encoding",
            "upgrade");

    private final String method;
    private final URI uri;
    private final @Nullable String target; // null for that of the URI
    private final HttpFields fields;
    private final HttpBody body;
    private final @Nullable Duration patience; // for 100 Continue; null if that is not asked for
    private final @Nullable Duration whole;

    private ClientRequest(
            String method,
            URI uri,
            @Nullable String target,
            HttpFields fields,
            HttpBody body,
            @Nullable Duration patience,
            @Nullable Duration whole) {
        this.method = method;
        this.uri = uri;
        this.target = target;
        this.fields = fields;
        this.body = body;
        this.patience = patience;
        this.whole = whole;
    }

    // ---- making

    /**
     * A request.
     *
     * @param uri {@code http:} or {@code https:}; its fragment is not sent
     * @throws IllegalArgumentException if it is no such URI, or has a user in it, or the method is CONNECT
     */
    public static ClientRequest of(String method, URI uri) {
        Origin.of(uri);
        if (method.equals("CONNECT")) {
            throw new IllegalArgumentException("CONNECT is for proxies: ConnectOptions.through");
        }
        return new ClientRequest(method, uri, null, HttpFields.none(), HttpBody.empty(), null, null);
    }

    /** GET. */
    public static ClientRequest get(URI uri) {
        return of("GET", uri);
    }

    /** POST. */
    public static ClientRequest post(URI uri, HttpBody body) {
        return of("POST", uri).body(body);
    }

    /** PUT. */
    public static ClientRequest put(URI uri, HttpBody body) {
        return of("PUT", uri).body(body);
    }

    // ---- changed copies

    /**
     * With one more field.
     *
     * @throws IllegalArgumentException if it can't be sent, or if the client itself says it: what concerns the connection, and how long the body is
     */
    public ClientRequest field(String name, String value) {
        return fields(fields.add(name, value));
    }

    /** With these fields in place of those that there were. */
    public ClientRequest fields(HttpFields newFields) {
        for (String each : RESERVED) {
            if (newFields.contains(each)) {
                throw new IllegalArgumentException("the field " + each + " is for the client to say");
            }
        }
        return new ClientRequest(method, uri, target, newFields, body, patience, whole);
    }

    /** With this body. One of bytes, of text or of a file may be sent again where a request is tried again or redirected; one that is streamed is sent once. */
    public ClientRequest body(HttpBody newBody) {
        return new ClientRequest(method, uri, target, fields, Objects.requireNonNull(newBody, "body"), patience, whole);
    }

    /**
     * Asks for this, as it is on the wire, in place of the path and the query of the URI: what came with a request and is to be handed on. Whether it can be
     * sent shows when it is.
     */
    public ClientRequest target(String newTarget) {
        return new ClientRequest(
                method, uri, Objects.requireNonNull(newTarget, "target"), fields, body, patience, whole);
    }

    /** Asks the server before the body is sent ({@code Expect: 100-continue}), and sends it anyway if there is no answer for so long. */
    public ClientRequest expectContinue(Duration newPatience) {
        if (newPatience.isNegative() || newPatience.isZero()) {
            throw new IllegalArgumentException("the patience has to be positive, not " + newPatience);
        }
        return new ClientRequest(method, uri, target, fields, body, newPatience, whole);
    }

    /** With so much time for all of it, from the call to the end of the response's body, in place of what the client's options say. */
    public ClientRequest within(Duration time) {
        return new ClientRequest(
                method, uri, target, fields, body, patience, HttpClientOptions.positive(time, "the time of a request"));
    }

    /** Another place, as a redirection says. */
    ClientRequest at(URI newUri) {
        return new ClientRequest(method, newUri, null, fields, body, patience, whole);
    }

    /** GET or HEAD without a body, as a redirection says. */
    ClientRequest without(boolean contents, String newMethod) {
        return contents
                ? new ClientRequest(
                        newMethod,
                        uri,
                        null,
                        fields.without("content-type").without("content-encoding"),
                        HttpBody.empty(),
                        null,
                        whole)
                : this;
    }

    // ---- what it says

    /** The method. */
    public String method() {
        return method;
    }

    /** Where to. */
    public URI uri() {
        return uri;
    }

    /** Its own fields. */
    public HttpFields fields() {
        return fields;
    }

    /** Its body. */
    public HttpBody body() {
        return body;
    }

    @Nullable
    Duration patience() {
        return body.length() == 0 ? null : patience;
    }

    @Nullable
    Duration whole() {
        return whole;
    }

    /** Whether it does no harm if it is carried out twice: RFC 9110, section 9.2.2. */
    boolean isIdempotent() {
        return IDEMPOTENT.contains(method);
    }

    /** Whether its body can be sent once more from its beginning. */
    boolean isRepeatable() {
        return body instanceof BytesBody || body instanceof FileBody;
    }

    /** Whether a server expects to be told that there is no body: RFC 9110, section 8.6. */
    boolean meansContent() {
        return method.equals("POST") || method.equals("PUT") || method.equals("PATCH");
    }

    /** Path and query, as they are sent. */
    String target() {
        if (target != null) {
            return target;
        }
        String path = uri.getRawPath();
        String query = uri.getRawQuery();
        String shown = path == null || path.isEmpty() ? "/" : path;
        return query == null ? shown : shown + "?" + query;
    }

    /** Without a query, which may hold what is nobody's business. */
    @Override
    public String toString() {
        return method + " " + uri.getScheme() + "://" + uri.getRawAuthority() + uri.getRawPath();
    }
}
