package rill.http;

import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import rill.Future;
import rill.http.wire.HttpFields;
import rill.http.wire.RequestHead;

/**
 * A request: a method, a target, fields and a body. One that came in knows its peer as well. Each method that changes something gives a changed copy; the
 * body is the same one.
 *
 * <p><b>Threading:</b> the loop of its connection, as far as the body and {@link #info} are concerned.
 *
 * <p><b>Source:</b> RFC 9110.
 */
public final class HttpRequest {
    private final String method;
    private @Nullable String target; // of one that came in, decoded when asked for
    private final HttpFields fields;
    private final HttpBody body;
    private final @Nullable RequestHead head;
    private final @Nullable Arrival arrival;

    /** Where a request has come in. */
    interface Arrival {
        SocketAddress remoteAddress();

        SocketAddress localAddress();

        <T> Optional<T> info(Class<T> type);
    }

    /** One that came in. */
    HttpRequest(RequestHead head, HttpBody body, Arrival arrival) {
        this.method = head.method();
        this.fields = head.fields();
        this.body = body;
        this.head = head;
        this.arrival = arrival;
    }

    private HttpRequest(
            String method,
            String target,
            HttpFields fields,
            HttpBody body,
            @Nullable RequestHead head,
            @Nullable Arrival arrival) {
        this.method = method;
        this.target = target;
        this.fields = fields;
        this.body = body;
        this.head = head;
        this.arrival = arrival;
    }

    // ---- making

    /** A request without fields and without a body. Whether it can be sent shows when it is. */
    public static HttpRequest of(String method, String target) {
        return new HttpRequest(
                Objects.requireNonNull(method, "method"),
                Objects.requireNonNull(target, "target"),
                HttpFields.none(),
                HttpBody.empty(),
                null,
                null);
    }

    /** With this field, in the place of those of the same name. */
    public HttpRequest with(String name, String value) {
        return fields(fields.with(name, value));
    }

    /** With these fields alone. */
    public HttpRequest fields(HttpFields others) {
        return new HttpRequest(method, target(), others, body, head, arrival);
    }

    /** With this target. */
    public HttpRequest target(String other) {
        return new HttpRequest(method, other, fields, body, head, arrival);
    }

    /** With this body. */
    public HttpRequest body(HttpBody other) {
        return new HttpRequest(method, target(), fields, other, head, arrival);
    }

    // ---- asking

    /** The method: {@code GET}. */
    public String method() {
        return method;
    }

    /** The target as it is on the wire: usually a path, and perhaps a query. */
    public String target() {
        String known = target;
        if (known == null) {
            known = Objects.requireNonNull(head).target();
            target = known;
        }
        return known;
    }

    /** The path of the target, up to a question mark, as it is on the wire: nothing in it is decoded. */
    public String path() {
        String all = target();
        int mark = all.indexOf('?');
        String path = mark < 0 ? all : all.substring(0, mark);
        if (path.startsWith("/")) {
            return path;
        }
        int host = path.indexOf("://");
        int slash = host < 0 ? -1 : path.indexOf('/', host + 3);
        return slash < 0 ? host < 0 ? path : "/" : path.substring(slash);
    }

    /**
     * The parts of the {@link #path} between its slashes, decoded as UTF-8, for a handler to choose by: of {@code /users/j%C3%B6rg} they are {@code users} and
     * {@code jörg}, of {@code /} there are none. A slash at the end makes no part of its own. Whatever could be taken for another path is refused: {@code .} and
     * {@code ..}, a slash or a backslash that is encoded, an empty part, a control character, what is not encoded as UTF-8.
     *
     * @throws HttpRefusedException (400) for those, which is an answer if the handler throws it
     */
    public List<String> segments() throws HttpRefusedException {
        return PathSegments.of(path());
    }

    /** What comes after the question mark of the target; null if there is none. */
    public @Nullable String query() {
        String all = target();
        int mark = all.indexOf('?');
        return mark < 0 ? null : all.substring(mark + 1);
    }

    /**
     * The first parameter of this name in the query, as forms of HTML write them: {@code name=value&other=…}, decoded as UTF-8. Null if there is none that
     * can be decoded.
     */
    public @Nullable String parameter(String name) {
        List<String> all = parameters(name);
        return all.isEmpty() ? null : all.getFirst();
    }

    /** {@link #parameter(String)}, or else this. */
    public String parameter(String name, String otherwise) {
        return Objects.requireNonNullElse(parameter(name), otherwise);
    }

    /** All parameters of this name in the query, in order, likewise. Those that can't be decoded are left out. */
    public List<String> parameters(String name) {
        String query = query();
        return query == null ? List.of() : HttpParameters.named(name, query);
    }

    /**
     * For whom it is, as {@code host} or {@code host:port}: the one that the target names, if it does, and else the one of Host. Null if neither is there.
     * <b>Source:</b> RFC 9112, 3.2.2 and 3.3.
     */
    public @Nullable String authority() {
        return RequestHead.authority(method, target(), fields);
    }

    /** The path and the query of the target, without whom it names: what is asked of a server that the request is handed on to. */
    public String pathAndQuery() {
        String query = query();
        return query == null ? path() : path() + "?" + query;
    }

    /** The value of the first cookie of this name, without the quotes that it may have; null if there is none. <b>Source:</b> RFC 6265, 4.2. */
    public @Nullable String cookie(String name) {
        for (String field : fields.all("cookie")) {
            for (String pair : field.split(";", -1)) {
                int equals = pair.indexOf('=');
                if (equals >= 0 && pair.substring(0, equals).trim().equals(name)) {
                    return MediaTypes.unquoted(pair.substring(equals + 1).trim());
                }
            }
        }
        return null;
    }

    /** {@link #form(int)} of up to {@value HttpBody#USUAL_LIMIT} bytes. */
    public Future<HttpParameters> form() {
        return form(HttpBody.USUAL_LIMIT);
    }

    /**
     * The body, read as a form of HTML that was sent by POST: {@code application/x-www-form-urlencoded}, with up to {@value HttpParameters#MOST} values.
     *
     * @param limit how many bytes it may have
     * @return fails with what the handler may fail with as well: a {@link BodyTooLargeException} (413), or a {@link HttpRefusedException} if it is of another
     *     media type (415), has too many values (413), or is not encoded as it should be (400)
     */
    public Future<HttpParameters> form(int limit) {
        if (!MediaTypes.is("application/x-www-form-urlencoded", field("content-type"))) {
            return Future.failed(
                    new HttpRefusedException(415, "expected a form, of application/x-www-form-urlencoded"));
        }
        return body.bytes(limit).map(bytes -> HttpParameters.form(new String(bytes, StandardCharsets.UTF_8)));
    }

    /** The fields. */
    public HttpFields fields() {
        return fields;
    }

    /** The value of the first field of this name; null if there is none. */
    public @Nullable String field(String name) {
        return fields.get(name);
    }

    /** {@link #field(String)}, or else this. */
    public String field(String name, String otherwise) {
        return Objects.requireNonNullElse(field(name), otherwise);
    }

    /** The body; empty if there is none. */
    public HttpBody body() {
        return body;
    }

    /**
     * Who has sent it: the peer, or what a trusted proxy has said of him by PROXY protocol.
     *
     * @throws IllegalStateException if it did not come in
     */
    public SocketAddress remoteAddress() {
        return arrival().remoteAddress();
    }

    /**
     * Where it came in.
     *
     * @throws IllegalStateException if it did not come in
     */
    public SocketAddress localAddress() {
        return arrival().localAddress();
    }

    /**
     * {@link rill.Connection#info} of the connection that it came in by: {@code TlsInfo}, {@code ProxyInfo}.
     *
     * @throws IllegalStateException if it did not come in
     */
    public <T> Optional<T> info(Class<T> type) {
        return arrival().info(type);
    }

    private Arrival arrival() {
        if (arrival == null) {
            throw new IllegalStateException("this request was made here, and came from nobody: " + this);
        }
        return arrival;
    }

    /** Its head as it came; null if it was made here. */
    @Nullable
    RequestHead head() {
        return head;
    }

    @Override
    public String toString() {
        return method + " " + target() + " " + fields;
    }
}
