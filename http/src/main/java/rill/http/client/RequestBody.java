package rill.http.client;

import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What a request has for a body; immutable. One of bytes may be sent as often as needed; one that is streamed, if it can be begun anew. */
public final class RequestBody {
    private static final RequestBody NONE = new RequestBody(new byte[0], null, 0, null, true);

    final byte @Nullable [] bytes;
    final @Nullable Supplier<? extends BodySource> source;
    final long length; // -1: in chunks
    final @Nullable String type;
    final boolean repeatable;

    private RequestBody(
            byte @Nullable [] bytes,
            @Nullable Supplier<? extends BodySource> source,
            long length,
            @Nullable String type,
            boolean repeatable) {
        this.bytes = bytes;
        this.source = source;
        this.length = length;
        this.type = type;
        this.repeatable = repeatable;
    }

    /** No body. */
    public static RequestBody none() {
        return NONE;
    }

    /** These bytes, which nobody may change any more. */
    public static RequestBody bytes(byte[] bytes) {
        return new RequestBody(bytes, null, bytes.length, null, true);
    }

    /** This text, in UTF-8, as {@code text/plain}. */
    public static RequestBody text(String text) {
        return bytes(text.getBytes(StandardCharsets.UTF_8)).type("text/plain; charset=utf-8");
    }

    /** What a source gives, in chunks: once, so that it can't be tried again, and no redirection repeats it. */
    public static RequestBody stream(BodySource source) {
        Objects.requireNonNull(source, "source");
        return new RequestBody(null, () -> source, -1, null, false);
    }

    /** What a source gives, which has to be so many bytes: more or less fails the request. */
    public static RequestBody stream(BodySource source, long length) {
        return stream(source).ofLength(length);
    }

    /** What sources give, in chunks: a new one for each try. */
    public static RequestBody streams(Supplier<? extends BodySource> sources) {
        return new RequestBody(null, Objects.requireNonNull(sources, "sources"), -1, null, true);
    }

    /** {@link #streams(Supplier)} of sources that each give so many bytes. */
    public static RequestBody streams(Supplier<? extends BodySource> sources, long length) {
        return streams(sources).ofLength(length);
    }

    private RequestBody ofLength(long newLength) {
        if (newLength < 0) {
            throw new IllegalArgumentException("a body can't have " + newLength + " bytes");
        }
        return new RequestBody(bytes, source, newLength, type, repeatable);
    }

    /** With this Content-Type. */
    public RequestBody type(String newType) {
        return new RequestBody(bytes, source, length, Objects.requireNonNull(newType, "type"), repeatable);
    }

    boolean isNone() {
        return this == NONE;
    }

    boolean isStreamed() {
        return source != null && length != 0;
    }
}
