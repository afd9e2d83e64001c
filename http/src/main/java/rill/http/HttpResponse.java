package rill.http;

import java.nio.file.Path;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import rill.Connection;
import rill.http.wire.HttpFields;
import rill.http.wire.ResponseHead;

/**
 * A response: a status, fields and a body. Immutable but for a body that is a stream; each method that changes something gives a changed copy. One of
 * bytes or text may be the answer to any number of requests.
 *
 * <p>How long the body is and when it was sent is for the server to say: {@code Content-Length}, {@code Transfer-Encoding}, {@code Connection: close} and
 * {@code Date} need not be given. In the answer to HEAD, Content-Length may be: it is that of the body that GET would have had.
 *
 * <p><b>Errors:</b> {@link IllegalArgumentException} for what can't be sent.
 */
public final class HttpResponse {
    private static final HttpFields PLAIN = MediaTypes.of("text/plain; charset=utf-8");
    private static final HttpFields JSON = MediaTypes.of("application/json");
    private static final HttpFields HTML = MediaTypes.of("text/html; charset=utf-8");
    private static final HttpResponse NOT_FOUND = text("404 Not Found\n").status(404); // as of a file that is not there

    private final int status;
    private final HttpFields fields;
    private final HttpBody body;
    private final @Nullable Consumer<? super Connection<?, ?>> next;
    private @Nullable ResponseHead
            whole; // of a body of bytes, made once; threads that write it by turns write the same

    // Likewise: what is sent where it may be compressed.
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

    /** What comes before an answer, such as 103, would be taken for it, and the answer for that of the next request. */
    private static void requireFinal(int status, boolean endsHttp) {
        if (endsHttp ? status != 101 && status / 100 != 2 : status < 200) {
            throw new IllegalArgumentException(
                    endsHttp
                            ? "the end of HTTP is told by 101, or to CONNECT by 2xx, not by " + status
                            : "a final status, from 200 on, not " + status + "; with 101 see HttpResponse.upgrade");
        }
    }

    // ---- making

    /** A response without fields and without a body. */
    public static HttpResponse of(int status) {
        ResponseHead.of(status, HttpFields.none()); // throws if it is none
        return new HttpResponse(status, HttpFields.none(), HttpBody.empty(), null);
    }

    /** 200 with a text, in UTF-8. */
    public static HttpResponse text(String text) {
        return new HttpResponse(200, PLAIN, HttpBody.of(text), null);
    }

    /** 200 with a text that is JSON. */
    public static HttpResponse json(String json) {
        return new HttpResponse(200, JSON, HttpBody.of(json), null);
    }

    /** 200 with a text that is HTML. */
    public static HttpResponse html(String html) {
        return new HttpResponse(200, HTML, HttpBody.of(html), null);
    }

    /** 200 with these bytes, which nobody may change any more. */
    public static HttpResponse bytes(String mediaType, byte[] bytes) {
        return new HttpResponse(200, MediaTypes.of(mediaType), HttpBody.of(bytes), null);
    }

    /** 200 with this body. */
    public static HttpResponse of(HttpBody body) {
        return new HttpResponse(200, HttpFields.none(), body, null);
    }

    /**
     * 200 with a file, whose media type its name tells. To GET and HEAD the server answers with a part of it where Range asks for one, and with 304 where the
     * client has it already; and with 404 if there is no such file, or 403 if it may not be read.
     */
    public static HttpResponse file(Path file) {
        return new HttpResponse(200, MediaTypes.of(file), HttpBody.file(file), null);
    }

    /**
     * {@link #file(Path)} of the one that a request's path names below a folder. Whatever leads out of the folder, by {@code ..} or by a symbolic link, is
     * not found.
     */
    public static HttpResponse fileBelow(Path folder, String path) {
        Path file = FileBody.resolve(folder, path);
        return file == null ? NOT_FOUND : new HttpResponse(200, MediaTypes.of(file), new FileBody(file, folder), null);
    }

    /**
     * The end of HTTP on this connection: after this response {@code next} is given the connection, for {@link Connection#become}. It answers a request
     * that asks for another protocol (101) or for a tunnel (CONNECT; 200). What {@code next} throws fails the connection.
     */
    public static HttpResponse upgrade(int status, HttpFields fields, Consumer<? super Connection<?, ?>> next) {
        return new HttpResponse(status, fields, HttpBody.empty(), Objects.requireNonNull(next, "next"));
    }

    /** With this status. */
    public HttpResponse status(int other) {
        ResponseHead.of(other, HttpFields.none());
        return new HttpResponse(other, fields, body, next);
    }

    /** With this field, in the place of those of the same name. */
    public HttpResponse with(String name, String value) {
        return new HttpResponse(status, fields.with(name, value), body, next);
    }

    /** With one more field, such as a second {@code Set-Cookie}. */
    public HttpResponse add(String name, String value) {
        return new HttpResponse(status, fields.add(name, value), body, next);
    }

    /** With these fields alone. */
    public HttpResponse fields(HttpFields others) {
        return new HttpResponse(status, others, body, next);
    }

    /** With this body. */
    public HttpResponse body(HttpBody other) {
        return new HttpResponse(status, fields, other, next);
    }

    // ---- asking

    /** The status: three digits. */
    public int status() {
        return status;
    }

    /** The fields, without those that are added when it is sent. */
    public HttpFields fields() {
        return fields;
    }

    /** The value of the first field of this name; null if there is none. */
    public @Nullable String field(String name) {
        return fields.get(name);
    }

    /** The body; empty if there is none. */
    public HttpBody body() {
        return body;
    }

    /** Who takes over the connection, if it is another protocol's afterwards. */
    @Nullable
    Consumer<? super Connection<?, ?>> next() {
        return next;
    }

    /**
     * Of a response of which there are two forms, since it may be compressed, one of them.
     *
     * @param zipped as gzip; made once if it is small, since there are responses that are sent again and again
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

    /** Its head with all of its body, which is bytes. */
    ResponseHead whole(BytesBody bytes) {
        ResponseHead made = whole;
        if (made == null) {
            ResponseHead head = ResponseHead.of(status, fields);
            made = mayHaveBody() ? head.content(bytes.array()) : head;
            whole = made;
        }
        return made;
    }

    /** Whether a response with this status may have a body that its fields don't tell of already. */
    boolean mayHaveBody() {
        return status >= 200 && status != 204 && status != 304 && !fields.contains("content-length");
    }

    @Override
    public String toString() {
        return status + " " + fields;
    }
}
