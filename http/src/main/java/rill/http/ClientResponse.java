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
 * A response: its head, and its body as it comes. The body is read in pieces, by {@link #next}; or as a whole, by {@link #bytes} or {@link #text}; or not
 * at all, by {@link #discard}. One of them has to be used: until the body has ended it takes up a connection, and if nobody asks for it for as long as
 * {@link HttpClientOptions#idleTimeout} says, it fails.
 *
 * <p>Not much is read before somebody asks for it: a server that sends a large body is held up.
 *
 * <p><b>Threading:</b> any thread.
 */
public final class ClientResponse implements AutoCloseable {
    /** So much waits here before the connection is held up. */
    private static final int READ_AHEAD = 64 * 1024;

    /** A rest of so much is read and thrown away, to keep the connection. */
    private static final int WORTH_DRAINING = 64 * 1024;

    private static final int PARTIAL = 206;

    private final HttpClient client;
    private final ClientExchange exchange;
    private final Loop loop;
    private final URI uri;
    private final ResponseHead head;
    private final int usualLimit;
    private final @Nullable ContentCoding coding; // to undo; null for none
    private @Nullable HttpFields fields; // of what body() gives, once they are asked for
    private final ArrayDeque<ByteBuf> queue = new ArrayDeque<>(4);
    private int queued; // bytes
    private @Nullable ByteBuf ownRest; // what had come when the body ended
    private final Returned returned = new Returned();
    private final Asking.Giver giver = new Pieces();
    private long given; // pieces
    private @Nullable Asking asked;
    private @Nullable Whole whole; // if all of it is asked for
    private HttpFields trailers = HttpFields.none();
    private @Nullable IOException failure;
    private boolean ended;
    private boolean held;
    private boolean discarded;
    private long drained;

    ClientResponse(ClientExchange exchange, ClientRequest request, ResponseHead head, HttpClient client) {
        this.client = client;
        this.exchange = exchange;
        this.loop = client.loop();
        this.uri = request.uri();
        this.head = head;
        HttpClientOptions.Draft is = client.options().is;
        this.usualLimit = is.bodyBytes;
        boolean undo = request.asksForCoding(client.options()) && head.hasBody() && head.status() != PARTIAL;
        this.coding = undo ? ContentCoding.of(head.fields().get("content-encoding"), is.inflatedBytes, is.ratio) : null;
    }

    // ---- the head

    /** The status: 200. */
    public int status() {
        return head.status();
    }

    /**
     * The fields, as they are true of the body that is given here, so that both can be handed on: where that is {@link #inflated}, without Content-Encoding and
     * Content-Length, which say how it was sent. {@link #head} has all of them.
     */
    public HttpFields fields() {
        HttpFields known = fields;
        if (known == null) {
            known = head.fields();
            known = coding == null ? known : known.without("content-encoding").without("content-length");
            fields = known;
        }
        return known;
    }

    /** The value of the first of the {@link #fields} that has this name; null if there is none. */
    public @Nullable String field(String name) {
        return fields().get(name);
    }

    /** Whether the body was sent as gzip or deflate, and is given as it was before that. */
    public boolean inflated() {
        return coding != null;
    }

    /** All of the head, as it came. */
    public ResponseHead head() {
        return head;
    }

    /** Where it comes from, after redirections. */
    public URI uri() {
        return uri;
    }

    /** The fields after the body; none before the body has ended. On the loop. */
    public HttpFields trailers() {
        return trailers;
    }

    // ---- the body

    /**
     * The next piece of the body; null at its end.
     *
     * <p><b>Ownership:</b> the piece is the caller's, to release. One that was given up before anybody saw it comes with the next call.
     *
     * @throws IllegalStateException if it is asked for before the last one is done, or if all of the body was asked for, or none; from another thread,
     *     the Future fails with it
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

    /** What becomes of a piece that was given up. */
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

    /** All of the body, up to {@link HttpClientOptions#bodyBytes}. */
    public Future<byte[]> bytes() {
        return bytes(usualLimit);
    }

    /** All of the body, if it has no more than so many bytes; if it has, this fails. */
    public Future<byte[]> bytes(int most) {
        Promise<byte[]> promise = loop.promise();
        promise.onCancel(this::discard);
        client.onLoop(promise, () -> {
            if (promise.isDone()) {
                return; // was given up on the way
            }
            requireUnasked("bytes");
            whole = new Whole(promise, most);
            exchange.progress();
            advance();
        });
        return promise;
    }

    /** All of the body as text, in the charset that Content-Type names, or UTF-8. */
    public Future<String> text() {
        Charset charset = MediaTypes.charset(head.fields().get("content-type"));
        return bytes().map(bytes -> new String(bytes, charset));
    }

    /** {@link #saveTo(Path, long, LongConsumer)} without anybody who is told of progress. */
    public Future<Long> saveTo(Path file, long limit) {
        return saveTo(file, limit, soFar -> {});
    }

    /**
     * Writes the body to a file, whatever the status, as {@link HttpBody#saveTo(Path, long, LongConsumer)} does: the server is held up while the disk is
     * slow, and there is a file only once all of it has come.
     *
     * @param limit how many bytes it may have, after they were inflated
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

    /** Does without the rest of the body. A little of it is read to keep the connection; if there is more, that is closed. */
    public void discard() {
        if (Loop.current() == loop) {
            discardNow();
        } else if (!loop.closed()) {
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
        if (!ended && head.bodyLength() > WORTH_DRAINING) {
            exchange.cancel();
        } else {
            hold(false);
        }
    }

    /**
     * The body as one that can be sent on, as the answer of a server or with another request: it is asked for no faster than it is taken. Of what was
     * inflated the length is not known any more. On the loop.
     */
    public HttpBody body() {
        if (!head.hasBody()) {
            return HttpBody.empty();
        }
        var source = new HttpBody.Source() {
            @Override
            public Future<@Nullable ByteBuf> next() {
                return ClientResponse.this.next();
            }

            @Override
            public void close() {
                discard();
            }
        };
        long length = coding == null ? head.bodyLength() : HttpBody.UNKNOWN;
        return length > 0 ? HttpBody.stream(length, source) : HttpBody.stream(source);
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

    // ---- what comes

    void data(ByteBuf bytes) {
        int size = bytes.readableBytes();
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

    /** All of it has come. What nobody has asked for yet holds no buffers any more: nobody may ever do. */
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

    /** Hands out what there is to whoever wants it. */
    private void advance() {
        try {
            if (failure != null) {
                tellFailure(failure);
            } else if (whole != null) {
                collect(whole);
            } else if (asked != null) {
                give(asked);
            }
        } catch (IOException | OutOfMemoryError e) {
            failed(new IOException(exchange + ": " + e.getMessage(), e));
            exchange.cancel();
        }
        hold(!ended && queued >= READ_AHEAD);
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

    /** Whether nothing more will be given. */
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
