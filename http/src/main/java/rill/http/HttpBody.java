package rill.http;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Objects;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;
import rill.Future;
import rill.Loop;
import rill.http.wire.HttpFields;

/**
 * The body of a request or a response: a source of bytes, either received from a peer or to be sent to one. A received body may therefore be sent on as
 * it is, with back-pressure from one end to the other.
 *
 * <p>It is read piece by piece ({@link #next}), or whole, with a limit ({@link #bytes}, {@link #text}, {@link #saveTo}): one of the two, and once.
 * Asking for all of a received body after some of it was read throws {@link IllegalStateException}. Empty bodies, and those made of bytes or text, may
 * be sent any number of times.
 *
 * <p><b>Threading:</b> any loop, but one at a time. The Futures of a received body belong to the loop of its connection. <b>Ownership:</b> ownership of
 * a piece is transferred to the receiver, which must release it. A reader that stops early must {@link #close} the body; the server closes all bodies
 * that it has sent, and those of requests that were answered.
 *
 * <p><b>Errors:</b> the Futures fail with the failure of the connection or of the source, or with a {@link BodyTooLargeException}.
 */
public abstract sealed class HttpBody permits BytesBody, FileBody, StreamBody, IncomingBody {
    /** The length of a body whose size is not known before its end. */
    public static final long UNKNOWN = -1;

    /** The limit of {@link #bytes()} and {@link #text()}: 8 MiB. */
    public static final int USUAL_LIMIT = 8 * 1024 * 1024;

    HttpBody() {}

    // ---- making

    /** Returns an empty body. */
    public static HttpBody empty() {
        return BytesBody.EMPTY;
    }

    /** Returns a body of these bytes. The array is not copied, and must not be changed afterwards. */
    public static HttpBody of(byte[] bytes) {
        return bytes.length == 0 ? BytesBody.EMPTY : new BytesBody(bytes);
    }

    /** Returns a body of this text, in UTF-8. */
    public static HttpBody of(String text) {
        return of(text.getBytes(StandardCharsets.UTF_8));
    }

    /** Returns a body with the contents of a file at the time it is sent. The file is read off the loop. */
    public static HttpBody file(Path file) {
        return new FileBody(Objects.requireNonNull(file, "file"));
    }

    /** Returns a body from a source, which is asked for the next piece only when the previous one has left. */
    public static HttpBody stream(Source source) {
        return new StreamBody(UNKNOWN, Objects.requireNonNull(source, "source"));
    }

    /** Returns a body from a source of a known number of bytes. Fewer or more fail the connection. */
    public static HttpBody stream(long length, Source source) {
        if (length < 0) {
            throw new IllegalArgumentException("a length, not " + length);
        }
        return new StreamBody(length, Objects.requireNonNull(source, "source"));
    }

    /** Supplies the pieces of a streamed body. Called on the loop. */
    @FunctionalInterface
    public interface Source {
        /**
         * Returns the next piece, whose ownership is transferred; null at the end. Called again when the piece has left, or is on its way while the
         * peer keeps up. An empty piece is skipped. The Future is cancelled if the rest is not wanted: return a {@link Future#copy} of one that others
         * wait for.
         */
        Future<@Nullable ByteBuf> next() throws IOException;

        /**
         * Called when whoever sends this body begins to finish, once and only if the body has not ended: the server or its loop closes, or the client
         * is to {@link HttpClient#finish}. If that has begun earlier, it is called before the first piece is asked for. A body without an end of its
         * own should end now, or it holds up the end until the deadline: complete the pending Future, and return null from the next {@link #next}.
         * The source of {@link HttpResponse#events} need not do that. By default it does nothing. An exception is reported.
         */
        default void finishing() {}

        /** Called once, at the end of the body or when the rest is not wanted. An exception is reported. */
        default void close() {}
    }

    // ---- asking

    /** Returns the size in bytes, or {@link #UNKNOWN}. That of a file is known only when it is sent. */
    public abstract long length();

    /**
     * Returns the next piece; null at the end. One call at a time. A piece of a received body whose Future was given up before anyone saw it is returned
     * by the next call; one of a file is lost, and of a {@link Source} it is the source's to say.
     *
     * @throws IllegalStateException if the last call is not done; if called on another loop, the Future fails with it. Not checked for a {@link Source}
     */
    public abstract Future<@Nullable ByteBuf> next();

    /** Returns the fields after the body; none before its end has been read. A server sends them on with an answer in chunks, a client does not. */
    public HttpFields trailers() {
        return HttpFields.none();
    }

    /** Gives up the unread rest. Idempotent. */
    public abstract void close();

    /** Reads all of it, up to {@value #USUAL_LIMIT} bytes. */
    public final Future<byte[]> bytes() {
        return bytes(USUAL_LIMIT);
    }

    /** Reads all of it, up to a limit; a larger body fails with a {@link BodyTooLargeException}. */
    public final Future<byte[]> bytes(int limit) {
        if (limit < 0) {
            throw new IllegalArgumentException("a limit, not " + limit);
        }
        if (length() > limit) {
            return Future.failed(tooLarge(limit));
        }
        beginWhole("bytes");
        return gather(limit);
    }

    /** Whether it is the body of a response to this side. */
    boolean isOfResponse() {
        return false;
    }

    /** Its sender begins to finish. */
    void finishing() {}

    /** Called before the whole body is read. */
    void beginWhole(String what) {}

    Future<byte[]> gather(int limit) {
        return new Gathering(this, limit).start();
    }

    final BodyTooLargeException tooLarge(long limit) {
        return new BodyTooLargeException("a body of more than " + limit + " bytes", isOfResponse());
    }

    /** {@link #saveTo(Path, long, LongConsumer)} without progress. */
    public final Future<Long> saveTo(Path file, long limit) {
        return saveTo(file, limit, soFar -> {});
    }

    /**
     * Writes all of it to a file, up to a limit. The bytes go to a temporary file beside the target, which it replaces at the end, in one step. So
     * nobody sees a partial file, and of several writers of the same file one wins. Reads the body no faster than the disk takes it; blocking calls run
     * on the loop's {@link Loop#blocking threads for that}. If it fails, or the Future is cancelled, the temporary file is deleted and any existing
     * file stays. Once the last step, the replacement, has begun, it is too late to cancel.
     *
     * <p><b>Not guaranteed:</b> that the file is on the disk if the power fails right after.
     *
     * @param limit the largest size in bytes; {@link Long#MAX_VALUE} for no limit
     * @param progress called on the loop after each piece, with the number of bytes written so far
     * @return the size in bytes. Fails with a {@link BodyTooLargeException}, with the failure of the body, or with that of the file system
     * @throws IllegalStateException on a thread that is not a loop's
     */
    public final Future<Long> saveTo(Path file, long limit, LongConsumer progress) {
        return save(Objects.requireNonNull(file, "file"), null, limit, progress);
    }

    /**
     * {@link #saveTo(Path, long, LongConsumer)} for the file that a request's path names below a folder. If the path leads out of the folder, by
     * {@code ..} or by a symbolic link, or names a folder, or something in a folder that does not exist, it fails with an {@link HttpRefusedException}
     * (404). An existing file is replaced.
     *
     * @param path as returned by {@link HttpRequest#path}: it is decoded here
     */
    public final Future<Long> saveBelow(Path folder, String path, long limit, LongConsumer progress) {
        Path file = path.endsWith("/") ? null : FileBody.resolve(folder, path);
        if (file == null || file.equals(folder.toAbsolutePath().normalize())) {
            return Future.failed(new HttpRefusedException(404, "there is no place for a file"));
        }
        return save(file, folder, limit, progress);
    }

    /** {@link #saveBelow(Path, String, long, LongConsumer)} without progress. */
    public final Future<Long> saveBelow(Path folder, String path, long limit) {
        return saveBelow(folder, path, limit, soFar -> {});
    }

    private Future<Long> save(Path file, @Nullable Path folder, long limit, LongConsumer progress) {
        if (limit < 0) {
            throw new IllegalArgumentException("a limit, not " + limit);
        }
        Loop loop = Loop.current();
        if (loop == null) {
            throw new IllegalStateException("a body is read on its loop");
        }
        beginWhole("saveTo");
        var saving = new Saving(loop, this, file, folder, limit, Objects.requireNonNull(progress, "progress"));
        saving.begin();
        return saving.promise();
    }

    /** Reads all of it, up to {@value #USUAL_LIMIT} bytes, as text, in the charset of its Content-Type, or UTF-8. */
    public final Future<String> text() {
        return text(USUAL_LIMIT);
    }

    /** Reads all of it, up to {@code limit} bytes, as {@link #text()} does. A longer one fails with {@link BodyTooLargeException}. */
    public final Future<String> text(int limit) {
        Charset charset = charset();
        return bytes(limit).map(bytes -> new String(bytes, charset));
    }

    /** The charset of the head it was received with. */
    Charset charset() {
        return StandardCharsets.UTF_8;
    }

    /** Reads all of it, up to {@value #USUAL_LIMIT} bytes, as text. Malformed input becomes the charset's replacement. */
    public final Future<String> text(Charset charset) {
        return bytes().map(bytes -> new String(bytes, charset));
    }
}
