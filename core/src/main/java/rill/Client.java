package rill;

import java.io.IOException;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Calls over a connection: {@link #call} sends a request and gives the Future of its answer.
 *
 * <p>Calls made within one tick leave together. A call that was cancelled or came too late leaves a tombstone that swallows its
 * answer, so that no answer ever reaches the wrong call.
 *
 * <p><b>Threading:</b> any thread. <b>Ownership:</b> a request's buffers are taken and released; an answer's belong to whoever
 * receives it, and are released if nobody does. <b>Errors:</b> when the connection goes, every pending call fails with the
 * cause, and so, saying that it is closed and why, does every later one. <b>Not guaranteed:</b> a deadline of a second or more may
 * count from up to sixteen Handles earlier.
 *
 * @param <Q> the request
 * @param <A> the answer
 */
public final class Client<Q, A> {
    /** For deadlines that are further ahead a reading of the clock that may be some Handles old is good enough. */
    private static final long LONG = Duration.ofSeconds(1).toNanos();

    private final Link link;
    private final Loop loop;
    private final ClientProtocol.Bounds bounds;
    private final long usualLimit;
    private final Calls<Q, A> calls;
    private final AtomicInteger fromOutside = new AtomicInteger(); // calls on their way to the loop

    Client(Link link, ClientProtocol<Q, A> protocol) {
        this.link = link;
        this.loop = link.loop();
        this.bounds = protocol.bounds;
        this.usualLimit = Loop.nanos(bounds.deadline());
        this.calls = new Calls<>(link, protocol);
    }

    Receiver<A> receiver() {
        return calls;
    }

    // ---- calling

    /**
     * Sends a request, within the deadline of the {@link ClientProtocol}. The deadline counts from this call, on whatever thread: a request
     * that it is too late for when its turn comes is not sent.
     *
     * @return the answer; fails with {@link DeadlineException}, with the connection's failure, with what the request's encoder or key
     *     function throws, or with an {@link IOException} if the client is closed or full. Cancelling it frees the caller; the answer is
     *     thrown away when it comes.
     */
    public Future<A> call(Q request) {
        return call(request, null, usualLimit);
    }

    /** Sends a request that has a deadline of its own; one of zero or less has passed. */
    public Future<A> call(Q request, Duration deadline) {
        return call(request, deadline, Loop.nanos(deadline));
    }

    private Future<A> call(Q request, @Nullable Duration limit, long nanos) {
        Objects.requireNonNull(request, "request");
        Promise<A> promise = new Offer<>(loop, Messages::release);
        if (loop.isCurrent() && !calls.writing()) {
            long now = nanos < LONG ? loop.nanoTime() : loop.ticking().time();
            calls.call(request, promise, limit, now + nanos, true, now);
        } else {
            sendFromOutside(request, promise, limit, loop.nanoTime() + nanos);
        }
        return promise;
    }

    private void sendFromOutside(Q request, Promise<A> promise, @Nullable Duration limit, long due) {
        if (fromOutside.incrementAndGet() > (long) bounds.inFlight() + bounds.waiting()) {
            int others = fromOutside.decrementAndGet();
            Messages.release(request);
            promise.fail(new IOException(
                    "call: " + link + " is full: " + others + " calls of other threads are on their way to its loop"));
            return;
        }
        try {
            loop.enqueue(new OutsideCall(request, promise, limit, due));
        } catch (Throwable t) { // no memory, or who drives the loop
            fromOutside.decrementAndGet();
            Messages.release(request);
            throw t;
        }
    }

    /** A call on its way from another thread, or from where none can be made. */
    private final class OutsideCall extends Node {
        private final Q request;
        private final Promise<A> promise;
        private final @Nullable Duration limit;
        private final long due;

        OutsideCall(Q request, Promise<A> promise, @Nullable Duration limit, long due) {
            this.request = request;
            this.promise = promise;
            this.limit = limit;
            this.due = due;
        }

        @Override
        void execute() {
            fromOutside.decrementAndGet();
            calls.call(request, promise, limit, due, false, loop.nanoTime());
        }

        @Override
        void discard() {
            fromOutside.decrementAndGet();
            Messages.release(request);
            promise.fail(new IOException("call: " + link + " is closed: its loop is closed"));
        }

        @Override
        String label() {
            return "call to " + link;
        }
    }

    // ---- ending

    /** Takes no more calls, waits for the answers of those that were made, and closes. */
    public Future<@Nullable Void> finish() {
        onLoop("finish", link::finish);
        return closed();
    }

    /** Closes the connection now, in good order; calls that have no answer yet fail, and nothing more is told. */
    public Future<@Nullable Void> close() {
        onLoop("close", calls::close);
        return closed();
    }

    private void onLoop(String what, Runnable action) {
        if (loop.isCurrent()) {
            action.run();
        } else {
            loop.enqueue(new Handle(loop, what + " of ", link, action));
        }
    }

    /** Done, never failed, when the connection is gone. A Future of the caller's own. */
    public Future<@Nullable Void> closed() {
        return link.closedFuture();
    }

    /** How many calls have had no answer; on the loop. */
    public int inFlight() {
        loop.requireConfined("inFlight", link);
        return calls.size();
    }

    /** How many calls that are over it keeps for later ones; on the loop. */
    int spares() {
        return calls.spares();
    }

    /** The loop that it belongs to. */
    public Loop loop() {
        return loop;
    }

    /** The peer's address. */
    public SocketAddress remoteAddress() {
        return link.remoteAddress();
    }

    @Override
    public String toString() {
        return "client, " + link;
    }
}
