package rill.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.Charset;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;
import rill.Future;
import rill.Loop;
import rill.Promise;
import rill.http.wire.HttpFields;
import rill.http.wire.ResponseHead;

/**
 * A response: its head, and its body as it arrives. The body is read in pieces, by {@link #next}; as a whole, by {@link #bytes} or {@link #text}; or
 * not at all, by {@link #discard}. One of them has to be used: until the body has ended it occupies a connection, and if nobody asks for it within
 * {@link HttpClientOptions#progressTimeout}, it fails.
 *
 * <p>Little is read ahead of the caller: a server that sends a large body is subject to back-pressure.
 *
 * <p><b>Threading:</b> any thread.
 */
public final class ClientResponse implements AutoCloseable {
    /** The number of bytes waiting here, with the overhead of their pieces, at which the connection is no longer read. */
    private static final int READ_AHEAD = 64 * 1024;

    /** The largest rest that is read and discarded to keep the connection. */
    private static final int WORTH_DRAINING = 64 * 1024;

    private static final int NO_CONTENT = 204;
    private static final int PARTIAL = 206;
    private static final int NOT_MODIFIED = 304;

    private final HttpClient client;
    private final ClientExchange exchange;
    private final Loop loop;
    private final URI uri;
    private final ResponseHead head;
    private final int usualLimit;
    private final @Nullable ContentCoding coding; // to undo; null if there is none
    private final boolean bodyUnsaid; // to HEAD, without the length of the body that GET would return
    private @Nullable HttpFields fields; // those that match body(), computed when first asked for
    private final ArrayDeque<ByteBuf> queue = new ArrayDeque<>(4);
    private int queued; // bytes
    private @Nullable ByteBuf ownRest; // what was still undelivered when the body ended
    private final Returned returned = new Returned();
    private final Asking.Giver giver = new Pieces();
    private long given; // pieces handed out
    private @Nullable Asking asked;
    private @Nullable Whole whole; // if the body is read as a whole
    private HttpFields trailers = HttpFields.none();
    private @Nullable IOException failure;
    private boolean ended;
    private boolean held;
    private boolean discarded;
    private long received;
    private long drained;

    ClientResponse(ClientExchange exchange, ClientRequest request, ResponseHead head, HttpClient client) {
        this.client = client;
        this.exchange = exchange;
        this.loop = client.loop();
        this.uri = request.uri();
        this.head = head;
        this.bodyUnsaid = request.method().equals("HEAD")
                && head.status() != NO_CONTENT
                && head.status() != NOT_MODIFIED
                && !head.has("content-length");
        HttpClientOptions options = client.options();
        this.usualLimit = options.bodyBytes();
        boolean undo = request.asksForCoding(options) && head.hasBody() && head.status() != PARTIAL;
        this.coding = undo
                ? ContentCoding.of(
                        head.fields().get("content-encoding"), options.inflatedBytes(), options.inflatedRatio())
                : null;
    }

    // ---- the head

    /** Returns the status, such as 200. */
    public int status() {
        return head.status();
    }

    /**
     * Returns this response if its status is one of success, 2xx. <b>Ownership:</b> otherwise the body is {@link #discard discarded}, and nothing is
     * left to close.
     *
     * <pre>{@code
     * String page = client.get(uri).await().orThrow().text().await();
     * }</pre>
     *
     * @throws HttpStatusException if it is another one: an error, or a redirection that was not followed
     */
    public ClientResponse orThrow() throws HttpStatusException {
        if (status() / 100 == 2) {
            return this;
        }
        discard();
        throw new HttpStatusException(status(), uri, exchange + " was answered with " + status() + " " + head.reason());
    }

    /**
     * Returns the fields as they apply to the body returned here, so that both can be forwarded: if it is {@link #inflated}, without Content-Encoding
     * and Content-Length, without digests and Accept-Ranges, and with a weak ETag, since all of these describe the body as it was sent. {@link #head} has
     * all fields as they came.
     */
    public HttpFields fields() {
        HttpFields known = fields;
        if (known == null) {
            known = head.fields();
            known = coding == null ? known : Compression.decoded(known);
            fields = known;
        }
        return known;
    }

    /** Returns the value of the first of the {@link #fields} that has this name; null if there is none. */
    public @Nullable String field(String name) {
        return fields().get(name);
    }

    /** Returns {@link #field(String)}, or this default if it is null. */
    public String field(String name, String otherwise) {
        return Objects.requireNonNullElse(field(name), otherwise);
    }

    /** Returns whether the body was sent as gzip or deflate and is decompressed here. */
    public boolean inflated() {
        return coding != null;
    }

    /** Returns the whole head as it was received. */
    public ResponseHead head() {
        return head;
    }

    /** Returns the URI that the response is from, after redirections. */
    public URI uri() {
        return uri;
    }

    /** Returns the fields after the body; none before the body has ended. On the loop. */
    public HttpFields trailers() {
        return trailers;
    }

    // ---- the body

    /**
     * Returns the next piece of the body; null at its end.
     *
     * <p><b>Ownership:</b> the piece must be released by the caller. A piece whose Future was given up before anyone saw it is returned by the next
     * call.
     *
     * @throws IllegalStateException if the last call is not done, or if the body was asked for as a whole or was discarded; from another thread, the
     *     Future fails with it
     */
    public Future<@Nullable ByteBuf> next() {
        var next = new Asking(loop, giver);
        client.onLoop(next.promise, () -> {
            requireUnasked("next");
            asked = next;
            exchange.progress();
            advance();
        });
        return next.promise;
    }

    /** Handles pieces that were given up. */
    private final class Pieces implements Asking.Giver {
        @Override
        public void takeBack(Piece piece) {
            if (discarded || failure != null) {
                piece.bytes().release();
                return;
            }
            returned.add(piece);
            advance();
        }

        @Override
        public void givenUp(Asking asking) {
            if (asked == asking) {
                asked = null;
            }
        }
    }

    /** Reads the whole body, up to {@link HttpClientOptions#bodyBytes}. */
    public Future<byte[]> bytes() {
        return bytes(usualLimit);
    }

    /** Reads the whole body; if it has more than this many bytes, the Future fails with a {@link BodyTooLargeException}. */
    public Future<byte[]> bytes(int most) {
        Promise<byte[]> promise = loop.promise();
        promise.onCancel(this::discard);
        client.onLoop(promise, () -> {
            if (promise.isDone()) {
                return; // given up on the way
            }
            requireUnasked("bytes");
            whole = new Whole(promise, most);
            exchange.progress();
            advance();
        });
        return promise;
    }

    /** Reads the whole body as text, in the charset of its Content-Type, or UTF-8. */
    public Future<String> text() {
        return text(usualLimit);
    }

    /** Reads the whole body, up to {@code most} bytes, as {@link #text()} does. */
    public Future<String> text(int most) {
        Charset charset = MediaTypes.charset(head.fields().get("content-type"));
        return bytes(most).map(bytes -> new String(bytes, charset));
    }

    /** Reads the whole body, up to {@link HttpClientOptions#bodyBytes}, as text. Malformed input becomes the charset's replacement. */
    public Future<String> text(Charset charset) {
        Objects.requireNonNull(charset, "charset");
        return bytes().map(bytes -> new String(bytes, charset));
    }

    /** {@link #saveTo(Path, long, LongConsumer)} without progress. */
    public Future<Long> saveTo(Path file, long limit) {
        return saveTo(file, limit, soFar -> {});
    }

    /**
     * Writes the body to a file, whatever the status, as {@link HttpBody#saveTo(Path, long, LongConsumer)} does: a slow disk holds up the server, and
     * the file exists only once the whole body has arrived.
     *
     * @param limit the largest size in bytes, after inflating
     */
    public Future<Long> saveTo(Path file, long limit, LongConsumer progress) {
        if (limit < 0) {
            throw new IllegalArgumentException("a limit, not " + limit);
        }
        Objects.requireNonNull(file, "file");
        Objects.requireNonNull(progress, "progress");
        Promise<Long> promise = loop.promise();
        client.onLoop(promise, () -> {
            var saving = new Saving(loop, body(), file, null, limit, progress);
            promise.onCancel(saving.promise()::cancel);
            saving.promise().onDone((size, failure) -> {
                if (size != null) {
                    promise.complete(size);
                } else if (failure != null) {
                    promise.fail(failure);
                }
            });
            saving.begin();
        });
        return promise;
    }

    /**
     * Gives up the rest of the body. A small rest that arrives within a second is read to keep the connection; otherwise the connection is closed.
     */
    public void discard() {
        if (Loop.current() == loop) {
            discardNow();
        } else if (!loop.isClosed()) {
            loop.submit(this::discardNow).onDone((nothing, loopClosed) -> {});
        }
    }

    /** {@link #discard}. */
    @Override
    public void close() {
        discard();
    }

    private void discardNow() {
        if (discarded) {
            return;
        }
        discarded = true;
        releaseAll();
        tellFailure(new IOException("the body of " + exchange + " was discarded"));
        if (!ended && head.bodyLength() - received > WORTH_DRAINING) {
            exchange.cancel();
        } else {
            hold(false);
            exchange.drain();
        }
    }

    /**
     * Returns the body as one that can be forwarded, as a server's answer or with another request, with back-pressure. Its length is unknown if it was
     * inflated, and in the answer to HEAD if that states none. It has no trailers. On the loop.
     */
    public HttpBody body() {
        if (!head.hasBody() && !bodyUnsaid) {
            return HttpBody.empty();
        }
        var source = new Rest();
        long length = coding == null ? head.bodyLength() : HttpBody.UNKNOWN;
        return length > 0 ? HttpBody.stream(length, source) : HttpBody.stream(source);
    }

    /** The source of {@link #body()}. */
    final class Rest implements HttpBody.Source {
        @Override
        public Future<@Nullable ByteBuf> next() {
            return ClientResponse.this.next();
        }

        @Override
        public void close() {
            discard();
        }
    }

    private void requireUnasked(String what) {
        if ((asked != null && asked.isOpen()) || whole != null || discarded) {
            throw new IllegalStateException(what + ": of " + exchange
                    + (discarded
                            ? " the body was discarded"
                            : whole != null
                                    ? " all of the body was asked for"
                                    : " a piece of the body is asked for already"));
        }
    }

    // ---- incoming

    void data(ByteBuf bytes) {
        int size = bytes.readableBytes();
        received += size;
        if (discarded) {
            bytes.release();
            drained += size;
            if (drained > WORTH_DRAINING) {
                exchange.cancel();
            }
            return;
        }
        if (size == 0 || failure != null) {
            bytes.release();
            return;
        }
        queued += size;
        queue.add(bytes);
        advance();
    }

    /** The whole body has arrived. Bytes not yet asked for are copied out of their buffers, since nobody may ever ask for them. */
    void ended(HttpFields after) {
        trailers = after;
        ended = true;
        if (!discarded && !queue.isEmpty()) {
            byte[] rest = new byte[queued];
            int at = 0;
            for (ByteBuf each = queue.poll(); each != null; each = queue.poll()) {
                int size = each.readableBytes();
                each.readBytes(rest, at, size);
                each.release();
                at += size;
            }
            ownRest = Unpooled.wrappedBuffer(rest);
            queue.add(ownRest);
        }
        advance();
    }

    void failed(IOException why) {
        if (failure == null) {
            failure = why;
            releaseAll();
            tellFailure(why);
        }
    }

    private void tellFailure(IOException why) {
        Asking waiting = asked;
        asked = null;
        if (waiting != null) {
            waiting.promise.fail(why);
        }
        Whole all = whole;
        if (all != null) {
            all.promise.fail(why);
        }
    }

    private void releaseAll() {
        for (ByteBuf each = queue.poll(); each != null; each = queue.poll()) {
            each.release();
        }
        queued = 0;
        returned.releaseAll();
        if (coding != null) {
            coding.close();
        }
    }

    /** Delivers what is available to the pending reader. */
    private void advance() {
        if (discarded) {
            return; // the reader knows
        }
        try {
            if (failure != null) {
                tellFailure(failure);
            } else if (whole != null) {
                collect(whole);
            } else if (asked != null) {
                give(asked);
            }
        } catch (IOException | OutOfMemoryError e) {
            String why = exchange + ": " + e.getMessage();
            failed(e instanceof BodyTooLargeException ? new BodyTooLargeException(why, true) : new IOException(why, e));
            exchange.cancel();
        }
        hold(!ended && queued + IncomingBody.PIECE * queue.size() >= READ_AHEAD);
    }

    private void give(Asking to) throws IOException {
        Piece piece = piece();
        if (piece != null) {
            asked = null;
            to.give(piece);
        } else if (isOver()) {
            asked = null;
            to.promise.complete(null);
        }
    }

    private @Nullable Piece piece() throws IOException {
        Piece back = returned.poll();
        if (back != null) {
            return back;
        }
        ByteBuf bytes = poll();
        return bytes == null ? null : new Piece(given++, bytes);
    }

    private void collect(Whole all) throws IOException {
        for (Piece piece = piece(); piece != null; piece = piece()) {
            all.add(piece.bytes(), piece.bytes() == ownRest);
        }
        if (isOver()) {
            all.promise.complete(all.bytes());
        }
    }

    private @Nullable ByteBuf poll() throws IOException {
        while (true) {
            ByteBuf piece = coding == null ? null : coding.poll();
            if (piece != null) {
                return piece;
            }
            ByteBuf raw = queue.poll();
            if (raw == null) {
                return null;
            }
            queued -= raw.readableBytes();
            if (coding == null) {
                return raw;
            }
            coding.feed(raw);
        }
    }

    /** Whether the end has been reached. */
    private boolean isOver() throws IOException {
        if (!ended) {
            return false;
        }
        if (coding != null) {
            coding.requireEnd();
            coding.close();
        }
        return true;
    }

    private void hold(boolean hold) {
        if (held != hold) {
            held = hold;
            exchange.hold(hold);
        }
    }

    @Override
    public String toString() {
        return head.status() + " to " + exchange;
    }
}
