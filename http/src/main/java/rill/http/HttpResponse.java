package rill.http;

import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import rill.Connection;
import rill.http.wire.HttpFields;
import rill.http.wire.ResponseHead;

/**
 * A response: a status, fields and a body. Immutable, except for a body that is a stream; each method that changes something returns a changed copy. A
 * response whose body is bytes or text may answer any number of requests.
 *
 * <p>The server adds {@code Content-Length}, {@code Transfer-Encoding}, {@code Connection: close} and {@code Date}; they need not be set. A
 * Content-Length that is not that of the body is refused (500), or replaced if the body is a stream. In the answer to HEAD, Content-Length may be set: it is the length of the body that GET would have had.
 *
 * <p><b>Errors:</b> {@link IllegalArgumentException} for a value that can't be sent.
 */
public final class HttpResponse {
    private static final HttpFields PLAIN = MediaTypes.of("text/plain; charset=utf-8");
    private static final HttpFields JSON = MediaTypes.of("application/json");
    private static final HttpFields HTML = MediaTypes.of("text/html; charset=utf-8");
    private static final HttpFields EVENTS = MediaTypes.of("text/event-stream").add("Cache-Control", "no-store");
    private static final HttpResponse NOT_FOUND = text("404 Not Found\n").status(404); // as for a missing file

    private final int status;
    private final HttpFields fields;
    private final HttpBody body;
    private final @Nullable Consumer<? super Connection<?, ?>> next;
    private @Nullable ResponseHead whole; // for a body of bytes, made once; racing threads write equal values

    // Likewise: the two forms of a response that may be compressed.
    private @Nullable HttpResponse encoded;
    private @Nullable HttpResponse plain;

    private HttpResponse(
            int status, HttpFields fields, HttpBody body, @Nullable Consumer<? super Connection<?, ?>> next) {
        requireFinal(status, next != null);
        this.status = status;
        this.fields = Objects.requireNonNull(fields, "fields");
        this.body = Objects.requireNonNull(body, "body");
        this.next = next;
    }

    /** The client would take an interim status, such as 103, for the answer, and the real answer for that of its next request. */
    private static void requireFinal(int status, boolean endsHttp) {
        if (endsHttp ? status != 101 && status / 100 != 2 : status < 200) {
            throw new IllegalArgumentException(
                    endsHttp
                            ? "the end of HTTP is told by 101, or to CONNECT by 2xx, not by " + status
                            : "a final status, from 200 on, not " + status + "; with 101 see HttpResponse.upgrade");
        }
    }

    // ---- making

    /** Returns a response without fields or a body. */
    public static HttpResponse of(int status) {
        ResponseHead.of(status, HttpFields.none()); // throws if it is not a status
        return new HttpResponse(status, HttpFields.none(), HttpBody.empty(), null);
    }

    /** Returns a 200 response with this text, in UTF-8. */
    public static HttpResponse text(String text) {
        return new HttpResponse(200, PLAIN, HttpBody.of(text), null);
    }

    /** Returns a 200 response with this text as {@code application/json}. */
    public static HttpResponse json(String json) {
        return new HttpResponse(200, JSON, HttpBody.of(json), null);
    }

    /** Returns a 200 response with this text as {@code text/html}. */
    public static HttpResponse html(String html) {
        return new HttpResponse(200, HTML, HttpBody.of(html), null);
    }

    /** Returns a 200 response with these bytes. The array is not copied, and must not be changed afterwards. */
    public static HttpResponse bytes(String mediaType, byte[] bytes) {
        return new HttpResponse(200, MediaTypes.of(mediaType), HttpBody.of(bytes), null);
    }

    /** Returns a 200 response with this body, and without a media type: a browser guesses one. */
    public static HttpResponse of(HttpBody body) {
        return new HttpResponse(200, HttpFields.none(), body, null);
    }

    /** Returns a 200 response with this body. */
    public static HttpResponse of(String mediaType, HttpBody body) {
        return new HttpResponse(200, MediaTypes.of(mediaType), body, null);
    }

    /**
     * Returns a 200 response with server-sent events, which are not stored by anybody: {@code text/event-stream}. Each piece of the source is an event
     * or several, such as {@code data: 1} and an empty line. When the server or its loop closes, the response ends at once, and the client may connect
     * again; an event that is still to come is not waited for.
     */
    public static HttpResponse events(HttpBody.Source source) {
        return new HttpResponse(200, EVENTS, HttpBody.stream(new Events(HttpBody.stream(source))), null);
    }

    /**
     * Returns a 200 response with a file, whose media type is derived from its name. To GET and HEAD the server answers with a part of the file if
     * Range asks for one, with 304 if the client has it already, with 404 if there is no such file, and with 403 if it may not be read.
     */
    public static HttpResponse file(Path file) {
        return new HttpResponse(200, MediaTypes.of(file), HttpBody.file(file), null);
    }

    /**
     * Returns {@link #file(Path)} for the file that a request's path names below a folder. A path that leads out of the folder, by {@code ..} or by a
     * symbolic link, is not found (404).
     *
     * @param path as returned by {@link HttpRequest#path}: it is decoded here
     */
    public static HttpResponse fileBelow(Path folder, String path) {
        Path file = FileBody.resolve(folder, path);
        return file == null ? NOT_FOUND : new HttpResponse(200, MediaTypes.of(file), new FileBody(file, folder), null);
    }

    /**
     * Ends HTTP on this connection: after this response {@code next} is called with the connection, for {@link Connection#become}. This answers a
     * request for another protocol (101; see {@link HttpRequest#isUpgrade}) or for a tunnel (CONNECT; 200). An exception thrown by {@code next} fails
     * the connection.
     */
    public static HttpResponse upgrade(int status, HttpFields fields, Consumer<? super Connection<?, ?>> next) {
        return new HttpResponse(status, fields, HttpBody.empty(), Objects.requireNonNull(next, "next"));
    }

    /** Returns a copy with this status. */
    public HttpResponse status(int other) {
        ResponseHead.of(other, HttpFields.none());
        return new HttpResponse(other, fields, body, next);
    }

    /** Returns a copy with this field, which replaces any fields of the same name. */
    public HttpResponse with(String name, String value) {
        return new HttpResponse(status, fields.with(name, value), body, next);
    }

    /** Returns a copy with one more field, such as a second {@code Set-Cookie}. */
    public HttpResponse add(String name, String value) {
        return new HttpResponse(status, fields.add(name, value), body, next);
    }

    /** Returns a copy with only these fields. */
    public HttpResponse fields(HttpFields others) {
        return new HttpResponse(status, others, body, next);
    }

    /** Returns a copy with this body. */
    public HttpResponse body(HttpBody other) {
        return new HttpResponse(status, fields, other, next);
    }

    // ---- asking

    /** Returns the status: three digits. */
    public int status() {
        return status;
    }

    /** Returns the fields, without those that are added when it is sent. */
    public HttpFields fields() {
        return fields;
    }

    /** Returns the value of the first field of this name; null if there is none. */
    public @Nullable String field(String name) {
        return fields.get(name);
    }

    /** Returns the body; empty if there is none. */
    public HttpBody body() {
        return body;
    }

    /** Whether it stands for a file that the path of a request does not name. */
    boolean isOfMissingFile() {
        return this == NOT_FOUND;
    }

    /** Takes over the connection after this response; null if HTTP continues. */
    @Nullable
    Consumer<? super Connection<?, ?>> next() {
        return next;
    }

    /**
     * Returns one of the two forms of a response that may be compressed.
     *
     * @param zipped whether as gzip; a small one is made only once, since some responses are sent again and again
     */
    HttpResponse form(boolean zipped) {
        HttpResponse known = zipped ? encoded : plain;
        if (known != null) {
            return known;
        }
        HttpFields others = zipped ? Compression.encoded(fields) : Compression.varying(fields);
        HttpResponse made = new HttpResponse(status, others, zipped ? Compression.encoded(body) : body, next);
        if (!zipped) {
            plain = made;
        } else if (made.body instanceof BytesBody) {
            encoded = made;
        }
        return made;
    }

    /** The head together with its whole body, which is bytes. */
    ResponseHead whole(BytesBody bytes) {
        ResponseHead made = whole;
        if (made == null) {
            boolean sayLength = fields.contains("content-length");
            made = mayHaveBody() && (!sayLength || isLength(bytes.length()))
                    ? ResponseHead.of(status, sayLength ? fields.without("content-length") : fields)
                            .content(bytes.array())
                    : ResponseHead.of(status, fields);
            whole = made;
        }
        return made;
    }

    private boolean mayHaveBody() {
        return status >= 200 && status != 204 && status != 304;
    }

    private boolean isLength(long length) {
        return fields.all("content-length").equals(List.of(Long.toString(length)));
    }

    @Override
    public String toString() {
        return status + " " + fields;
    }
}
