package rill.http;

import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import rill.http.wire.HttpFields;

/**
 * A request for an {@link HttpClient} to send. Immutable; each method that takes an argument returns a changed copy.
 *
 * <p><b>Errors:</b> an {@link IllegalArgumentException} for a URI that is malformed, or that no request can be sent to: see {@link #of(String, URI)}.
 */
public final class ClientRequest {
    private static final Set<String> IDEMPOTENT = Set.of("GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE");

    /** Fields that the client itself sets. */
    private static final List<String> RESERVED = List.of(
            "connection",
            "content-length",
            "expect",
            "host",
            "keep-alive",
            "proxy-connection",
            "te",
            "trailer",
            "transfer-encoding",
            "upgrade");

    private static final List<String> CREDENTIALS =
            List.of("authorization", "cookie", "cookie2", "proxy-authorization");

    private static final class Draft implements Cloneable {
        String method = "GET";
        URI uri;

        @Nullable
        String target; // null for the one in the URI

        HttpFields fields = HttpFields.none();
        HttpBody body = HttpBody.empty();

        @Nullable
        Duration continueTimeout; // for 100 Continue; null if it is not expected

        @Nullable
        Duration deadline; // null for that of the client

        boolean amongStrangers; // redirected here by another origin: sends no credentials, not even the client's

        Draft(URI uri) {
            this.uri = uri;
        }

        Draft copy() {
            try {
                return (Draft) clone();
            } catch (CloneNotSupportedException e) {
                throw new AssertionError(e);
            }
        }
    }

    private final Draft is;

    private ClientRequest(Draft is) {
        this.is = is;
    }

    private ClientRequest changed(Consumer<Draft> change) {
        Draft draft = is.copy();
        change.accept(draft);
        return new ClientRequest(draft);
    }

    // ---- making

    /**
     * Returns a request.
     *
     * @param uri {@code http:} or {@code https:}; its fragment is not sent
     * @throws IllegalArgumentException if it is not such a URI, has a user in it or an invalid port, or if the method is CONNECT
     */
    public static ClientRequest of(String method, URI uri) {
        Origin.of(uri);
        if (method.equals("CONNECT")) {
            throw new IllegalArgumentException("CONNECT is for proxies: ConnectOptions.through");
        }
        return new ClientRequest(new Draft(uri)).changed(draft -> draft.method = method);
    }

    /** {@link #of(String, URI)} of this text. */
    public static ClientRequest of(String method, String uri) {
        return of(method, URI.create(uri));
    }

    /** GET. */
    public static ClientRequest get(URI uri) {
        return of("GET", uri);
    }

    /** GET. */
    public static ClientRequest get(String uri) {
        return of("GET", uri);
    }

    /** HEAD: asks for the head of the response to GET, without its body. */
    public static ClientRequest head(URI uri) {
        return of("HEAD", uri);
    }

    /** HEAD: asks for the head of the response to GET, without its body. */
    public static ClientRequest head(String uri) {
        return of("HEAD", uri);
    }

    /** DELETE. */
    public static ClientRequest delete(URI uri) {
        return of("DELETE", uri);
    }

    /** DELETE. */
    public static ClientRequest delete(String uri) {
        return of("DELETE", uri);
    }

    /** POST without a body yet: {@link #form}, {@link #json} or {@link #body(HttpBody)} sets one. */
    public static ClientRequest post(URI uri) {
        return of("POST", uri);
    }

    /** POST. */
    public static ClientRequest post(URI uri, HttpBody body) {
        return of("POST", uri).body(body);
    }

    /** POST without a body yet: {@link #form}, {@link #json} or {@link #body(HttpBody)} sets one. */
    public static ClientRequest post(String uri) {
        return of("POST", uri);
    }

    /** POST. */
    public static ClientRequest post(String uri, HttpBody body) {
        return of("POST", uri).body(body);
    }

    /** PUT without a body yet: {@link #form}, {@link #json} or {@link #body(HttpBody)} sets one. */
    public static ClientRequest put(URI uri) {
        return of("PUT", uri);
    }

    /** PUT. */
    public static ClientRequest put(URI uri, HttpBody body) {
        return of("PUT", uri).body(body);
    }

    /** PUT without a body yet: {@link #form}, {@link #json} or {@link #body(HttpBody)} sets one. */
    public static ClientRequest put(String uri) {
        return of("PUT", uri);
    }

    /** PUT. */
    public static ClientRequest put(String uri, HttpBody body) {
        return of("PUT", uri).body(body);
    }

    /** PATCH without a body yet: {@link #form}, {@link #json} or {@link #body(HttpBody)} sets one. */
    public static ClientRequest patch(URI uri) {
        return of("PATCH", uri);
    }

    /** PATCH. */
    public static ClientRequest patch(URI uri, HttpBody body) {
        return of("PATCH", uri).body(body);
    }

    /** PATCH without a body yet: {@link #form}, {@link #json} or {@link #body(HttpBody)} sets one. */
    public static ClientRequest patch(String uri) {
        return of("PATCH", uri);
    }

    /** PATCH. */
    public static ClientRequest patch(String uri, HttpBody body) {
        return of("PATCH", uri).body(body);
    }

    // ---- changed copies: the fields

    /**
     * Returns a copy with this field, which replaces any fields of the same name.
     *
     * @throws IllegalArgumentException if it can't be sent, or if the client itself sets it: fields about the connection and about the length of the
     *     body
     */
    public ClientRequest with(String name, String value) {
        return fields(is.fields.with(name, value));
    }

    /** Returns a copy with one more field, whether or not there is one of the same name. Throws as {@link #with} does. */
    public ClientRequest add(String name, String value) {
        return fields(is.fields.add(name, value));
    }

    /** Returns a copy with only these fields. Throws as {@link #with} does. */
    public ClientRequest fields(HttpFields newFields) {
        requireUnreserved(newFields);
        return changed(draft -> draft.fields = newFields);
    }

    static void requireUnreserved(HttpFields fields) {
        for (String each : RESERVED) {
            if (fields.contains(each)) {
                throw new IllegalArgumentException("the field " + each + " is for the client to say");
            }
        }
    }

    /** Returns a copy with Basic authentication; user and password are encoded as UTF-8. <b>Source:</b> RFC 7617. */
    public ClientRequest basicAuth(String user, String password) {
        if (user.indexOf(':') >= 0) {
            throw new IllegalArgumentException("the name of a user has no colon");
        }
        String both = user + ":" + password;
        if (both.chars().anyMatch(Character::isISOControl)) {
            throw new IllegalArgumentException("neither user nor password has control characters");
        }
        byte[] bytes = both.getBytes(StandardCharsets.UTF_8);
        return with("Authorization", "Basic " + Base64.getEncoder().encodeToString(bytes));
    }

    /** Returns a copy with this bearer token. <b>Source:</b> RFC 6750. */
    public ClientRequest bearer(String token) {
        return with("Authorization", "Bearer " + token);
    }

    // ---- changed copies: what is asked for

    /**
     * Returns a copy with one more parameter in the query of the URI, in the format of HTML forms.
     *
     * @throws IllegalStateException if there is a {@link #target}, which is sent as it is
     */
    public ClientRequest parameter(String name, String value) {
        if (is.target != null) {
            throw new IllegalStateException("parameter: the target was given as a whole");
        }
        String query = is.uri.getRawQuery();
        String fragment = is.uri.getRawFragment();
        String all = is.uri.getScheme() + "://" + is.uri.getRawAuthority()
                + Objects.requireNonNullElse(is.uri.getRawPath(), "") + "?"
                + (query == null || query.isEmpty() ? "" : query + "&") + pair(name, value)
                + (fragment == null ? "" : "#" + fragment);
        return changed(draft -> draft.uri = URI.create(all));
    }

    private static String pair(String name, String value) {
        return URLEncoder.encode(name, StandardCharsets.UTF_8) + "=" + URLEncoder.encode(value, StandardCharsets.UTF_8);
    }

    /**
     * Returns a copy with this target as it is on the wire, instead of the path and the query of the URI, to forward a received request. Whether it can
     * be sent is checked when it is sent.
     */
    public ClientRequest target(String newTarget) {
        Objects.requireNonNull(newTarget, "target");
        return changed(draft -> draft.target = newTarget);
    }

    /**
     * Returns a copy with this body. A body of bytes, of text or of a file can be sent again after a retry or a redirection; a streamed one is sent
     * only once.
     */
    public ClientRequest body(HttpBody newBody) {
        Objects.requireNonNull(newBody, "body");
        return changed(draft -> draft.body = newBody);
    }

    /** Returns a copy with these names and values as its body, in the format of HTML forms and in the order of the map, with the Content-Type of a form. */
    public ClientRequest form(Map<String, String> values) {
        var text = new StringBuilder();
        values.forEach((name, value) -> text.append(text.isEmpty() ? "" : "&").append(pair(name, value)));
        return with("Content-Type", "application/x-www-form-urlencoded").body(HttpBody.of(text.toString()));
    }

    /** Returns a copy with this text as its body and {@code application/json} as its Content-Type. */
    public ClientRequest json(String text) {
        return with("Content-Type", "application/json").body(HttpBody.of(text));
    }

    /** Asks the server before the body is sent ({@code Expect: 100-continue}); if there is no answer for this long, the body is sent anyway. */
    public ClientRequest expectContinue(Duration timeout) {
        HttpClientOptions.positive(timeout, "the timeout of expectContinue");
        return changed(draft -> draft.continueTimeout = timeout);
    }

    /**
     * Gives the request this long, from the call to the end of the response's body, instead of {@link HttpClientOptions#deadline()}. Zero is for no
     * limit.
     */
    public ClientRequest deadline(Duration time) {
        HttpClientOptions.notNegative(time, "deadline");
        return changed(draft -> draft.deadline = time);
    }

    // ---- redirections

    /** To another URI of the same origin. */
    ClientRequest at(URI newUri) {
        return changed(draft -> {
            draft.uri = newUri;
            draft.target = null;
        });
    }

    /** To another origin, which must not learn the credentials of this request or of the client. */
    ClientRequest atStrangers(URI newUri) {
        HttpFields fields = withoutCredentials(is.fields);
        return at(newUri).changed(draft -> {
            draft.fields = fields;
            draft.amongStrangers = true;
        });
    }

    private static HttpFields withoutCredentials(HttpFields fields) {
        HttpFields rest = fields;
        for (String each : CREDENTIALS) {
            rest = rest.without(each);
        }
        return rest;
    }

    /** A GET without a body. */
    ClientRequest asGet() {
        return changed(draft -> {
            draft.method = "GET";
            draft.fields = is.fields.without("content-type").without("content-encoding");
            draft.body = HttpBody.empty();
            draft.continueTimeout = null;
        });
    }

    // ---- values

    /** Returns the method. */
    public String method() {
        return is.method;
    }

    /** Returns the URI. */
    public URI uri() {
        return is.uri;
    }

    /** Returns the fields of this request. */
    public HttpFields fields() {
        return is.fields;
    }

    /** Returns the value of the first field of this request that has this name; null if there is none. */
    public @Nullable String field(String name) {
        return is.fields.get(name);
    }

    /** Returns the body. */
    public HttpBody body() {
        return is.body;
    }

    @Nullable
    Duration continueTimeout() {
        return is.body.length() == 0 ? null : is.continueTimeout;
    }

    /** Null for that of the client; zero for none. */
    @Nullable
    Duration deadline() {
        return is.deadline;
    }

    /** Whether it can safely be carried out twice: RFC 9110, section 9.2.2. */
    boolean isIdempotent() {
        return IDEMPOTENT.contains(is.method);
    }

    /** Whether its body can be sent again from its beginning. */
    boolean isRepeatable() {
        return is.body instanceof BytesBody || is.body instanceof FileBody;
    }

    /** Whether a server expects an explicit statement that there is no body: RFC 9110, section 8.6. */
    boolean meansContent() {
        return is.method.equals("POST") || is.method.equals("PUT") || is.method.equals("PATCH");
    }

    /**
     * Whether the client itself asks for a coding, which it then undoes. Not with a range: that is a range of the coded bytes, and a part of them can't
     * be undone.
     */
    boolean asksForCoding(HttpClientOptions options) {
        HttpFields usual = options.fields();
        return options.inflate()
                && !is.fields.contains("accept-encoding")
                && !usual.contains("accept-encoding")
                && !is.fields.contains("range")
                && !usual.contains("range");
    }

    /** The fields of this request, with those of the usual ones that it does not set itself and may send here. */
    HttpFields fieldsAnd(HttpFields usual) {
        HttpFields more = is.amongStrangers ? withoutCredentials(usual) : usual;
        for (int i = 0; i < is.fields.size(); i++) {
            more = more.without(is.fields.name(i));
        }
        return more.addAll(is.fields);
    }

    /** Path and query, as they are sent. */
    String target() {
        if (is.target != null) {
            return is.target;
        }
        String path = is.uri.getRawPath();
        String query = is.uri.getRawQuery();
        String shown = path == null || path.isEmpty() ? "/" : path;
        return query == null ? shown : shown + "?" + query;
    }

    /** The base that a Location is resolved against. */
    String base() {
        String target = target();
        String origin = Origin.of(is.uri).toString();
        return target.startsWith("/") ? origin + target : target.equals("*") ? origin : target;
    }

    /** Omits the query, which may contain secrets. */
    @Override
    public String toString() {
        return is.method + " " + is.uri.getScheme() + "://" + is.uri.getRawAuthority() + is.uri.getRawPath();
    }
}
