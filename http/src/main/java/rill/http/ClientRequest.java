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
            "trailer",
            "transfer-encoding",
            "upgrade");

    private static final List<String> CREDENTIALS =
            List.of("authorization", "cookie", "cookie2", "proxy-authorization");

    private static final class Draft implements Cloneable {
        String method = "GET";
        URI uri;

        @Nullable
        String target; // null for that of the URI

        HttpFields fields = HttpFields.none();
        HttpBody body = HttpBody.empty();

        @Nullable
        Duration patience; // for 100 Continue; null if that is not asked for

        @Nullable
        Duration whole;

        boolean amongStrangers; // another origin has sent it here: it has no credentials, nor is it given any

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
     * A request.
     *
     * @param uri {@code http:} or {@code https:}; its fragment is not sent
     * @throws IllegalArgumentException if it is no such URI, or has a user in it, or a port that there is not, or the method is CONNECT
     */
    public static ClientRequest of(String method, URI uri) {
        Origin.of(uri);
        if (method.equals("CONNECT")) {
            throw new IllegalArgumentException("CONNECT is for proxies: ConnectOptions.through");
        }
        return new ClientRequest(new Draft(uri)).changed(draft -> draft.method = method);
    }

    /** GET. */
    public static ClientRequest get(URI uri) {
        return of("GET", uri);
    }

    /** HEAD: what GET would say, without its body. */
    public static ClientRequest head(URI uri) {
        return of("HEAD", uri);
    }

    /** POST. */
    public static ClientRequest post(URI uri, HttpBody body) {
        return of("POST", uri).body(body);
    }

    /** PUT. */
    public static ClientRequest put(URI uri, HttpBody body) {
        return of("PUT", uri).body(body);
    }

    /** PATCH. */
    public static ClientRequest patch(URI uri, HttpBody body) {
        return of("PATCH", uri).body(body);
    }

    /** DELETE. */
    public static ClientRequest delete(URI uri) {
        return of("DELETE", uri);
    }

    /** POST without a body so far: {@link #form}, {@link #json} or {@link #body} give it one. */
    public static ClientRequest post(URI uri) {
        return of("POST", uri);
    }

    /** {@link #get(URI)}. */
    public static ClientRequest get(String uri) {
        return get(URI.create(uri));
    }

    /** {@link #post(URI)}. */
    public static ClientRequest post(String uri) {
        return post(URI.create(uri));
    }

    /** {@link #put(URI, HttpBody)}. */
    public static ClientRequest put(String uri, HttpBody body) {
        return put(URI.create(uri), body);
    }

    /** {@link #delete(URI)}. */
    public static ClientRequest delete(String uri) {
        return delete(URI.create(uri));
    }

    // ---- changed copies: the fields

    /**
     * With this field, in the place of those of the same name.
     *
     * @throws IllegalArgumentException if it can't be sent, or if the client itself says it: what concerns the connection, and how long the body is
     */
    public ClientRequest with(String name, String value) {
        return fields(is.fields.with(name, value));
    }

    /** With one more field, whether or not there is one of the same name. Throws as {@link #with} does. */
    public ClientRequest add(String name, String value) {
        return fields(is.fields.add(name, value));
    }

    /** With these fields in place of those that there were. Throws as {@link #with} does. */
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

    /** With this user and password, in UTF-8. <b>Source:</b> RFC 7617. */
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

    /** With this token. <b>Source:</b> RFC 6750. */
    public ClientRequest bearer(String token) {
        return with("Authorization", "Bearer " + token);
    }

    // ---- changed copies: what is asked for

    /**
     * With one more parameter in the query of the URI, as forms of HTML write them.
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
     * Asks for this, as it is on the wire, in place of the path and the query of the URI: what came with a request and is to be handed on. Whether it can be
     * sent shows when it is.
     */
    public ClientRequest target(String newTarget) {
        Objects.requireNonNull(newTarget, "target");
        return changed(draft -> draft.target = newTarget);
    }

    /** With this body. One of bytes, of text or of a file may be sent again where a request is tried again or redirected; one that is streamed is sent once. */
    public ClientRequest body(HttpBody newBody) {
        Objects.requireNonNull(newBody, "body");
        return changed(draft -> draft.body = newBody);
    }

    /** With these names and values as its body, as forms of HTML are sent, in the order of the map; with the Content-Type that says so. */
    public ClientRequest form(Map<String, String> values) {
        var text = new StringBuilder();
        values.forEach((name, value) -> text.append(text.isEmpty() ? "" : "&").append(pair(name, value)));
        return with("Content-Type", "application/x-www-form-urlencoded").body(HttpBody.of(text.toString()));
    }

    /** With this text as its body, and the Content-Type that says that it is JSON. */
    public ClientRequest json(String text) {
        return with("Content-Type", "application/json").body(HttpBody.of(text));
    }

    /** Asks the server before the body is sent ({@code Expect: 100-continue}), and sends it anyway if there is no answer for so long. */
    public ClientRequest expectContinue(Duration newPatience) {
        HttpClientOptions.positive(newPatience, "the patience");
        return changed(draft -> draft.patience = newPatience);
    }

    /** With so much time for all of it, from the call to the end of the response's body, in place of what the client's options say. */
    public ClientRequest within(Duration time) {
        HttpClientOptions.positive(time, "the time of a request");
        return changed(draft -> draft.whole = time);
    }

    // ---- what redirections say

    /** Another place of the same origin. */
    ClientRequest at(URI newUri) {
        return changed(draft -> {
            draft.uri = newUri;
            draft.target = null;
        });
    }

    /** Another place, where nobody is to learn the credentials of this request, or of the client. */
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
            draft.patience = null;
        });
    }

    // ---- what it says

    /** The method. */
    public String method() {
        return is.method;
    }

    /** Where to. */
    public URI uri() {
        return is.uri;
    }

    /** Its own fields. */
    public HttpFields fields() {
        return is.fields;
    }

    /** The value of the first of its own fields that has this name; null if there is none. */
    public @Nullable String field(String name) {
        return is.fields.get(name);
    }

    /** Its body. */
    public HttpBody body() {
        return is.body;
    }

    @Nullable
    Duration patience() {
        return is.body.length() == 0 ? null : is.patience;
    }

    @Nullable
    Duration whole() {
        return is.whole;
    }

    /** Whether it does no harm if it is carried out twice: RFC 9110, section 9.2.2. */
    boolean isIdempotent() {
        return IDEMPOTENT.contains(is.method);
    }

    /** Whether its body can be sent once more from its beginning. */
    boolean isRepeatable() {
        return is.body instanceof BytesBody || is.body instanceof FileBody;
    }

    /** Whether a server expects to be told that there is no body: RFC 9110, section 8.6. */
    boolean meansContent() {
        return is.method.equals("POST") || is.method.equals("PUT") || is.method.equals("PATCH");
    }

    /** Whether a coding is asked for by the client itself, which then undoes it. A range is one of the coded bytes, of which a part can't be undone. */
    boolean asksForCoding(HttpClientOptions options) {
        HttpFields usual = options.is.fields;
        return options.is.inflate
                && !is.fields.contains("accept-encoding")
                && !usual.contains("accept-encoding")
                && !is.fields.contains("range")
                && !usual.contains("range");
    }

    /** Its own fields, and of those that each request has what it does not say itself and may say here. */
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

    /** What a Location is relative to. */
    String base() {
        String target = target();
        String origin = Origin.of(is.uri).toString();
        return target.startsWith("/") ? origin + target : target.equals("*") ? origin : target;
    }

    /** Without a query, which may hold what is nobody's business. */
    @Override
    public String toString() {
        return is.method + " " + is.uri.getScheme() + "://" + is.uri.getRawAuthority() + is.uri.getRawPath();
    }
}
