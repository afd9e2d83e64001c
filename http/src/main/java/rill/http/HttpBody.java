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
 * The body of a request or a response: a source of bytes, whether they come from a peer or are to be sent to one. So what came in may be sent on as it
 * is, with back-pressure from one end to the other.
 *
 * <p>It is read piece by piece ({@link #next}), or whole, with a limit ({@link #bytes}, {@link #text}, {@link #saveTo}): one of the two, once. To ask for all
 * of a body that came in, of which some was read before, is an {@link IllegalStateException}. Empty bodies, and those made of bytes or text, may be sent any
 * number of times.
 *
 * <p><b>Threading:</b> any loop, though one at a time; the Futures of a body that came in are of the loop of its connection. <b>Ownership:</b> a piece belongs to whoever was given it, and is released by him. Who reads a body no further
 * {@link #close closes} it; the server does that with all that it has sent, and with those of requests that were answered.
 *
 * <p><b>Errors:</b> the Futures fail with what the connection fails with, with a {@link BodyTooLargeException}, or with what a source has failed with.
 */
public abstract sealed class HttpBody permits BytesBody, FileBody, StreamBody, IncomingBody {
    /** The length of a body that nobody knows before its end. */
    public static final long UNKNOWN = -1;

    /** How many bytes {@link #bytes()} and {@link #text()} take at most: 8 MiB. */
    public static final int USUAL_LIMIT = 8 * 1024 * 1024;

    HttpBody() {}

    // ---- making

    /** No body. */
    public static HttpBody empty() {
        return BytesBody.EMPTY;
    }

    /** A body of these bytes, which nobody may change any more. */
    public static HttpBody of(byte[] bytes) {
        return bytes.length == 0 ? BytesBody.EMPTY : new BytesBody(bytes);
    }

    /** A body of this text, in UTF-8. */
    public static HttpBody of(String text) {
        return of(text.getBytes(StandardCharsets.UTF_8));
    }

    /** What a file has in it when it is sent; it is read elsewhere than on the loop. */
    public static HttpBody file(Path file) {
        return new FileBody(Objects.requireNonNull(file, "file"));
    }

    /** What a source gives, which is asked for the next piece only when the one before has left. */
    public static HttpBody stream(Source source) {
        return new StreamBody(UNKNOWN, Objects.requireNonNull(source, "source"));
    }

    /** What a source gives, of which is known how many bytes it is. Fewer or more fail the connection. */
    public static HttpBody stream(long length, Source source) {
        if (length < 0) {
            throw new IllegalArgumentException("a length, not " + length);
        }
        return new StreamBody(length, Objects.requireNonNull(source, "source"));
    }

    /** Where the pieces of a streamed body come from. On the loop. */
    @FunctionalInterface
    public interface Source {
        /**
         * The next piece, which is handed over; null at the end. Called again when the piece has left, or is on its way while the peer keeps up. An empty piece is skipped.
         */
        Future<@Nullable ByteBuf> next() throws IOException;

        /** Nothing more is wanted: at the end, or before. Called once. What it throws is reported. */
        default void close() {}
    }

    // ---- asking

    /** How many bytes it is, or {@link #UNKNOWN}. Of a file that is known only when it is sent. */
    public abstract long length();

    /**
     * The next piece; null at the end. One at a time. A piece whose Future was given up before anybody saw it comes with the next call.
     *
     * @throws IllegalStateException if the last call is not done; asked for on another loop, the Future fails with it
     */
    public abstract Future<@Nullable ByteBuf> next();

    /** What came after the body: nothing before its end has been read. */
    public HttpFields trailers() {
        return HttpFields.none();
    }

    /** Gives up what was not read. Calling it again does nothing. */
    public abstract void close();

    /** All of it, up to {@value #USUAL_LIMIT} bytes. */
    public final Future<byte[]> bytes() {
        return bytes(USUAL_LIMIT);
    }

    /** All of it, up to a limit; more fails with a {@link BodyTooLargeException}. */
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

    /** All of it is asked for. */
    void beginWhole(String what) {}

    Future<byte[]> gather(int limit) {
        return new Gathering(this, limit).start();
    }

    static BodyTooLargeException tooLarge(long limit) {
        return new BodyTooLargeException("a body of more than " + limit + " bytes");
    }

    /** {@link #saveTo(Path, long, LongConsumer)} without anybody who is told of progress. */
    public final Future<Long> saveTo(Path file, long limit) {
        return saveTo(file, limit, soFar -> {});
    }

    /**
     * Writes all of it to a file, up to a limit. The bytes go to another file beside it, which takes its place at the end, in one step: so nobody sees half of
     * it, and of several who write the same file one wins. It asks for no more than the disk takes, and what makes a thread wait is done on the loop's
     * {@link Loop#blocking threads for that}. If it fails, or the Future is cancelled, the other file is deleted, and what was there before
     * stays; while it takes its place, which is the last step, it is too late to cancel.
     *
     * <p><b>Not guaranteed:</b> that it is on the disk, where the power fails right after.
     *
     * @param limit how many bytes it may have; {@link Long#MAX_VALUE} for as many as come
     * @param progress told of how many bytes are written so far, after each piece; on the loop
     * @return how many bytes it is. Fails with a {@link BodyTooLargeException}, with what the body fails with, or with that of the file system
     * @throws IllegalStateException on a thread outside
     */
    public final Future<Long> saveTo(Path file, long limit, LongConsumer progress) {
        return save(Objects.requireNonNull(file, "file"), null, limit, progress);
    }

    /**
     * {@link #saveTo(Path, long, LongConsumer)} where a request's path names a file below a folder. Whatever leads out of the folder, by {@code ..} or by a
     * symbolic link, or names a folder, or something in a folder that is not there, fails with a {@link HttpRefusedException} (404). A file that is there is
     * replaced.
     *
     * @param path as {@link HttpRequest#path} has it: it is decoded here
     */
    public final Future<Long> saveBelow(Path folder, String path, long limit, LongConsumer progress) {
        Path file = path.endsWith("/") ? null : FileBody.resolve(folder, path);
        if (file == null || file.equals(folder.toAbsolutePath().normalize())) {
            return Future.failed(new HttpRefusedException(404, "there is no place for a file"));
        }
        return save(file, folder, limit, progress);
    }

    /** {@link #saveBelow(Path, String, long, LongConsumer)} without anybody who is told of progress. */
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

    /** All of it, up to {@value #USUAL_LIMIT} bytes, as text: in the charset that the Content-Type of its request names, or UTF-8. */
    public final Future<String> text() {
        return text(charset());
    }

    /** What the head that it came with says. */
    Charset charset() {
        return StandardCharsets.UTF_8;
    }

    /** All of it, up to {@value #USUAL_LIMIT} bytes, as text. What is no text becomes what that charset has for it. */
    public final Future<String> text(Charset charset) {
        return bytes().map(bytes -> new String(bytes, charset));
    }
}
