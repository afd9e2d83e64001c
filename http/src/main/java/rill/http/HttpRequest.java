package rill.http;

import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import rill.Future;
import rill.Loop;
import rill.http.wire.HttpFields;
import rill.http.wire.RequestHead;

/**
 * A request: a method, a target, fields and a body. A received request knows its peer as well. Each method that changes something returns a changed
 * copy, which shares the body.
 *
 * <p><b>Threading:</b> {@link #info} and {@link #remoteAddress} on the {@link #loop} of the connection; the body as {@link HttpBody} says; the rest
 * from any thread.
 *
 * <p><b>Source:</b> RFC 9110.
 */
public final class HttpRequest {
    private final String method;
    private @Nullable String target; // of a received request: decoded when asked for
    private final HttpFields fields;
    private final HttpBody body;
    private final @Nullable RequestHead head;
    private final @Nullable Arrival arrival;

    /** The connection on which a request was received. */
    interface Arrival {
        SocketAddress remoteAddress();

        SocketAddress localAddress();

        <T> Optional<T> info(Class<T> type);

        Loop loop();
    }

    /** A received request. */
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

    /**
     * Returns a request without fields or a body, for tests of handlers, which take it as if it had been received. To send a request, make a
     * {@link ClientRequest}.
     */
    public static HttpRequest of(String method, String target) {
        return new HttpRequest(
                Objects.requireNonNull(method, "method"),
                Objects.requireNonNull(target, "target"),
                HttpFields.none(),
                HttpBody.empty(),
                null,
                null);
    }

    /** Returns a copy with this field, which replaces any fields of the same name. */
    public HttpRequest with(String name, String value) {
        return fields(fields.with(name, value));
    }

    /** Returns a copy with one more field, whether or not there is one of the same name. */
    public HttpRequest add(String name, String value) {
        return fields(fields.add(name, value));
    }

    /** Returns a copy with only these fields. */
    public HttpRequest fields(HttpFields others) {
        return new HttpRequest(method, target(), others, body, head, arrival);
    }

    /** Returns a copy with this target. */
    public HttpRequest target(String other) {
        return new HttpRequest(method, other, fields, body, head, arrival);
    }

    /** Returns a copy with this body. */
    public HttpRequest body(HttpBody other) {
        return new HttpRequest(method, target(), fields, other, head, arrival);
    }

    // ---- asking

    /** Returns the method, such as {@code GET}. */
    public String method() {
        return method;
    }

    /** Returns the target as it is on the wire: usually a path, perhaps with a query. */
    public String target() {
        String known = target;
        if (known == null) {
            known = Objects.requireNonNull(head).target();
            target = known;
        }
        return known;
    }

    /** Returns the path of the target, up to a question mark, as it is on the wire: nothing in it is decoded. */
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
     * Returns the parts of the {@link #path} between its slashes, decoded as UTF-8, for routing: {@code users} and {@code jörg} for
     * {@code /users/j%C3%B6rg}, none for {@code /}. A slash at the end adds no part. Anything that could be taken for another path is refused:
     * {@code .} and {@code ..}, an encoded slash or backslash, an empty part, a control character, and bytes that are not UTF-8.
     *
     * @throws HttpRefusedException (400) if the path is refused; thrown on by the handler, it becomes the answer
     */
    public List<String> segments() throws HttpRefusedException {
        return PathSegments.of(path());
    }

    /** Returns the part of the target after the question mark; null if there is none. */
    public @Nullable String query() {
        String all = target();
        int mark = all.indexOf('?');
        return mark < 0 ? null : all.substring(mark + 1);
    }

    /**
     * Returns the first parameter of this name in the query, in the format of HTML forms: {@code name=value&other=…}, decoded as UTF-8. Null if there
     * is none that can be decoded.
     */
    public @Nullable String parameter(String name) {
        String query = query();
        return query == null ? null : HttpParameters.first(name, query);
    }

    /** Returns {@link #parameter(String)}, or this default if it is null. */
    public String parameter(String name, String otherwise) {
        return Objects.requireNonNullElse(parameter(name), otherwise);
    }

    /** Returns all parameters of the query, decoded likewise; none if there is no query. Those that can't be decoded are left out. */
    public HttpParameters parameters() {
        String query = query();
        return HttpParameters.query(query == null ? "" : query);
    }

    /**
     * Returns the authority that the request is for, as {@code host} or {@code host:port}: the one in the target if there is one, otherwise the one in
     * Host. Null if there is neither. <b>Source:</b> RFC 9112, 3.2.2 and 3.3.
     */
    public @Nullable String authority() {
        return RequestHead.authority(method, target(), fields);
    }

    /** Returns the path and the query of the target, without its authority: the target to use when the request is forwarded to another server. */
    public String pathAndQuery() {
        String query = query();
        return query == null ? path() : path() + "?" + query;
    }

    /** Returns the value of the first cookie of this name, without any quotes around it; null if there is none. <b>Source:</b> RFC 6265, 4.2. */
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

    /** {@link #form(int)} with a limit of {@value HttpBody#USUAL_LIMIT} bytes. */
    public Future<HttpParameters> form() {
        return form(HttpBody.USUAL_LIMIT);
    }

    /**
     * Reads the body as an HTML form sent by POST: {@code application/x-www-form-urlencoded}, with up to {@value HttpParameters#MOST} values.
     *
     * @param limit the largest size of the body, in bytes
     * @return fails with an exception that the handler may fail with as well: a {@link BodyTooLargeException} (413), or an {@link HttpRefusedException}
     *     if the body is of another media type (415), has too many values (413), or is not encoded correctly (400)
     */
    public Future<HttpParameters> form(int limit) {
        if (!MediaTypes.is("application/x-www-form-urlencoded", field("content-type"))) {
            return Future.failed(
                    new HttpRefusedException(415, "expected a form, of application/x-www-form-urlencoded"));
        }
        return body.bytes(limit).map(bytes -> HttpParameters.form(new String(bytes, StandardCharsets.UTF_8)));
    }

    /** Returns the fields. */
    public HttpFields fields() {
        return fields;
    }

    /** Returns the value of the first field of this name; null if there is none. */
    public @Nullable String field(String name) {
        return fields.get(name);
    }

    /** Returns {@link #field(String)}, or this default if it is null. */
    public String field(String name, String otherwise) {
        return Objects.requireNonNullElse(field(name), otherwise);
    }

    /**
     * Returns whether this asks for another protocol on its connection, which {@link HttpResponse#upgrade} grants: {@code Upgrade} says which. A
     * received request is judged by what was received. One of HTTP/1.0 never asks. <b>Source:</b> RFC 9110, 7.8.
     */
    public boolean isUpgrade() {
        RequestHead received = head;
        return received == null
                ? fields.contains("upgrade") && fields.hasToken("connection", "upgrade")
                : received.isUpgrade();
    }

    /** Returns the body; empty if there is none. */
    public HttpBody body() {
        return body;
    }

    /**
     * Returns the loop of the connection, on which the handler runs. Of a request that was made here it is the current loop.
     *
     * @throws IllegalStateException if the request was made here, and there is no current loop
     */
    public Loop loop() {
        if (arrival != null) {
            return arrival.loop();
        }
        Loop current = Loop.current();
        if (current == null) {
            throw new IllegalStateException("this request was made here, and no loop is current: " + this);
        }
        return current;
    }

    /**
     * Returns the address of the sender: the peer, or the address that a trusted proxy gave by the PROXY protocol.
     *
     * @throws IllegalStateException if the request was not received
     */
    public SocketAddress remoteAddress() {
        return arrival().remoteAddress();
    }

    /**
     * Returns the local address at which the request was received.
     *
     * @throws IllegalStateException if the request was not received
     */
    public SocketAddress localAddress() {
        return arrival().localAddress();
    }

    /**
     * Returns {@link rill.Connection#info} of the connection of this request: {@code TlsInfo}, {@code ProxyInfo}.
     *
     * @throws IllegalStateException if the request was not received
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

    /** The head as it was received; null if the request was made here. */
    @Nullable
    RequestHead head() {
        return head;
    }

    @Override
    public String toString() {
        return method + " " + target() + " " + fields;
    }
}
