package rill;

import java.net.SocketAddress;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import rill.CallFailedException.Fate;

/**
 * Makes calls over one connection: {@link #call} sends a request and returns the Future of its answer.
 *
 * <p>Calls made within one tick leave together. A call that is cancelled, or whose deadline passes, leaves a tombstone that swallows its answer, so
 * that no answer ever reaches the wrong call.
 *
 * <p><b>Threading:</b> any thread, unless a method says otherwise.
 *
 * <p><b>Ownership:</b> the client takes over a request's buffers and releases them. An answer's buffers belong to its receiver; if nobody receives
 * it, they are released.
 *
 * <p><b>Errors:</b> those of every {@link Caller}. If the connection ends, every unanswered call and every later one fails with the cause;
 * {@link #failure} returns it.
 *
 * <p><b>Not guaranteed:</b> a deadline of a second or more may count from up to sixteen Handles earlier.
 *
 * @param <Q> the request
 * @param <A> the answer
 */
public final class Client<Q, A> implements Caller<Q, A> {
    /** For deadlines at least this far ahead, a clock reading that is a few Handles old is good enough. */
    private static final long LONG = Duration.ofSeconds(1).toNanos();

    private final Link link;
    private final Loop loop;
    private final ClientProtocol.Bounds bounds;
    private final long usualLimit;
    private final Calls<Q, A> calls;
    private final Unanswered unanswered;
    private final AtomicInteger fromOutside = new AtomicInteger(); // calls on their way to the loop
    private final AtomicLong bytesFromOutside = new AtomicLong();

    Client(Link link, ClientProtocol<Q, A> protocol) {
        this(link, protocol, null);
    }

    Client(Link link, ClientProtocol<Q, A> protocol, @Nullable Patron<Q, A> patron) {
        this.link = link;
        this.loop = link.loop();
        this.bounds = protocol.bounds;
        this.usualLimit = Loop.nanos(bounds.deadline());
        this.calls = new Calls<>(link, protocol, patron);
        this.unanswered = new Unanswered("a call on " + link);
    }

    Receiver<A> receiver() {
        return calls;
    }

    // ---- calling

    /**
     * Sends a request, within the deadline of the {@link ClientProtocol}. The deadline counts from this call, on whatever thread: a request whose
     * deadline has passed when its turn comes is not sent.
     *
     * @return the answer; fails as described for the class. Cancelling it frees the caller; the answer is discarded when it arrives
     */
    @Override
    public Future<A> call(Q request) {
        return ask(request, null);
    }

    /** Sends a request with its own deadline; a deadline of zero or less has already passed. */
    @Override
    public Future<A> call(Q request, Duration deadline) {
        return ask(request, Objects.requireNonNull(deadline, "deadline"));
    }

    private Future<A> ask(Q request, @Nullable Duration limit) {
        Objects.requireNonNull(request, "request");
        Promise<A> promise = new Offer<>(loop, unanswered);
        make(request, promise, false, limit, Handover.STAYS);
        return promise;
    }

    /**
     * Sends a request that has no answer, after the calls made before it. It does not count as in flight, but waits for its turn as calls do, within
     * the deadline of the {@link ClientProtocol}.
     *
     * @return done when the request has been written to the connection, which does not mean that it has left; fails as a call does. Cancelling it
     *     withdraws a request that is still waiting for its turn
     */
    @Override
    @SuppressWarnings("unchecked") // it never gets an answer
    public Future<@Nullable Void> send(Q request) {
        Objects.requireNonNull(request, "request");
        Promise<@Nullable Void> promise = loop.promise();
        make(request, (Promise<A>) (Promise<?>) promise, true, null, Handover.STAYS);
        return promise;
    }

    /**
     * @param promise of any loop
     * @param limit its own deadline, or null
     * @param tries as in {@link Calls#call}
     */
    void make(Q request, Promise<A> promise, boolean oneWay, @Nullable Duration limit, int tries) {
        long nanos = limit == null ? usualLimit : Loop.nanos(limit);
        if (loop.isCurrent() && !calls.writing()) {
            long now = nanos < LONG ? loop.nanoTime() : loop.ticking().time();
            calls.call(request, promise, oneWay, limit, now + nanos, tries, true, now);
        } else {
            makeFromOutside(request, promise, oneWay, limit, loop.nanoTime() + nanos, tries);
        }
    }

    /**
     * Takes a call that has waited for a connection, or was moved from another one. Even if this throws, the call is taken care of.
     *
     * @param now a reading of the clock
     */
    void place(Unplaced<Q, A> call, long now) {
        if (loop.isCurrent() && !calls.writing()) {
            calls.call(call.request, call.caller, call.oneWay, call.limit, call.due, call.tries, false, now);
        } else {
            int weight = calls.weight(call.request);
            fromOutside.getAndIncrement();
            bytesFromOutside.getAndAdd(weight);
            try {
                loop.enqueue(new OutsideCall(
                        call.request, call.caller, call.oneWay, call.limit, call.due, call.tries, weight));
            } catch (Throwable t) { // no memory, or the loop's driver threw
                arrived(weight);
                calls.ends().turnAway(call.request, call.caller, call.limit, call.due, t);
            }
        }
    }

    private void makeFromOutside(
            Q request, Promise<A> promise, boolean oneWay, @Nullable Duration limit, long due, int tries) {
        int weight = calls.weight(request);
        int others = fromOutside.getAndIncrement();
        long bytes = bytesFromOutside.getAndAdd(weight);
        if (others >= (long) bounds.inFlight() + bounds.waiting()
                || bytes - bounds.inFlightBytes() >= bounds.waitingBytes()) { // their sum may be too large for a long
            arrived(weight);
            String why = " is full: " + others + " calls of other threads, of " + bytes
                    + " bytes, are on their way to its loop";
            calls.ends().turnAway(request, promise, limit, due, unsent(Fate.NEVER_SENT, request, oneWay, why));
            return;
        }
        try {
            loop.enqueue(new OutsideCall(request, promise, oneWay, limit, due, tries, weight));
        } catch (Throwable t) { // no memory, or the loop's driver threw
            arrived(weight);
            Messages.release(request);
            throw t;
        }
    }

    private void arrived(int weight) {
        fromOutside.decrementAndGet();
        bytesFromOutside.getAndAdd(-weight);
    }

    /** Describes the request by its type, since the function that names requests runs on the loop. */
    private CallFailedException unsent(Fate fate, Q request, boolean oneWay, String why) {
        return new CallFailedException(fate, Wording.call(request.getClass(), oneWay, link) + why, null);
    }

    /** A call on its way to the loop, made on another thread or where no call can be made directly. */
    private final class OutsideCall extends Node {
        private final Q request;
        private final Promise<A> promise;
        private final boolean oneWay;
        private final @Nullable Duration limit;
        private final long due;
        private final int tries;
        private final int weight;

        OutsideCall(
                Q request,
                Promise<A> promise,
                boolean oneWay,
                @Nullable Duration limit,
                long due,
                int tries,
                int weight) {
            this.request = request;
            this.promise = promise;
            this.oneWay = oneWay;
            this.limit = limit;
            this.due = due;
            this.tries = tries;
            this.weight = weight;
        }

        @Override
        void execute() {
            arrived(weight);
            calls.call(request, promise, oneWay, limit, due, tries, false, loop.nanoTime());
        }

        @Override
        void discard() {
            arrived(weight);
            String closed = " is closed: its loop is closed";
            CallFailedException why = unsent(Fate.NEVER_SENT.after(tries), request, oneWay, closed);
            if (!calls.handover().request(request, promise, oneWay, limit, due, tries, false, why)) {
                calls.ends().turnAway(request, promise, limit, due, why);
            }
        }

        @Override
        String label() {
            return "call to " + link;
        }
    }

    /**
     * Done while a call would be sent at once: no other call is waiting for its turn, fewer are in flight than the bounds of the
     * {@link ClientProtocol} allow, and the connection takes more. Await it to send no faster than the peer answers. The Future is the caller's own.
     *
     * @return fails if the client is closed or is finishing
     */
    @Override
    public Future<@Nullable Void> writable() {
        return loop.isCurrent()
                ? calls.writable()
                : loop.submit(calls::writable).flatMap(writable -> writable);
    }

    // ---- ending

    /**
     * Notifies {@code handler} of failures of the connection, instead of the {@link Reporter}. Unanswered calls fail afterwards. An exception thrown
     * by the handler of unsolicited messages is survivable, see {@link Failure}, unless it says that the peer broke the protocol. Replaces an earlier
     * handler. On the loop, or while nobody drives it.
     */
    public Client<Q, A> onFailure(Consumer<? super Failure> handler) {
        loop.requireConfined("onFailure", link);
        link.audience().onFailure(Objects.requireNonNull(handler, "handler"));
        return this;
    }

    /**
     * Takes no more calls, waits for the answers of those already made, and closes.
     *
     * @return {@link #closed()}
     */
    @Override
    public Future<@Nullable Void> finish() {
        link.onLoop("finish", link::finish);
        return closed();
    }

    /**
     * Closes the connection now, in good order: what was written leaves. Unanswered calls fail, and no further messages are delivered.
     *
     * <p>This only begins the close and does not wait, so it may be called anywhere, including by try-with-resources; await {@link #closed}. Use
     * {@link #finish} to wait for the answers first.
     */
    @Override
    public void close() {
        link.onLoop("close", calls::close);
    }

    /**
     * Closes the connection at once, with a reset: what has not left is lost. Unanswered calls fail, and no further messages are delivered.
     *
     * @return {@link #closed()}
     */
    public Future<@Nullable Void> abort() {
        link.onLoop("abort", calls::abort);
        return closed();
    }

    /** Done, never failed, when the connection is gone: {@link #failure} then returns the reason. The Future is the caller's own. */
    @Override
    public Future<@Nullable Void> closed() {
        return link.audience().closed();
    }

    /** Why the connection has ended; null if it has not, or if this side closed it. */
    public @Nullable Throwable failure() {
        return calls.failure();
    }

    /** Whether the client takes calls: false once it was closed, is finishing, or has failed. */
    @Override
    public boolean isOpen() {
        return calls.isOpen();
    }

    // ---- asking

    /**
     * The number of calls without an answer: those in flight, those waiting for their turn, and tombstones whose answer may still arrive. On the
     * loop, or while nobody drives it.
     */
    public int unanswered() {
        loop.requireConfined("unanswered", link);
        return calls.size();
    }

    /** The approximate number of unanswered calls, including those on their way to the loop. From any thread. */
    int load() {
        return fromOutside.getPlain() + calls.size();
    }

    /** The number of bytes received and sent. On the loop. */
    long traffic() {
        return link.inbound().heard() + link.outbound().sent();
    }

    /** For the parts that look after this client. On the loop. */
    Calls<Q, A> calls() {
        return calls;
    }

    /** The number of finished call objects that are kept for reuse. On the loop. */
    int spares() {
        return calls.spares();
    }

    /** The loop that this client belongs to. */
    public Loop loop() {
        return loop;
    }

    /** The peer's address. */
    public SocketAddress remoteAddress() {
        return link.remoteAddress();
    }

    /** {@link Connection#info} of this client's connection. On the loop. */
    public <T> Optional<T> info(Class<T> type) {
        link.loop().requireConfined("info", link);
        return Optional.ofNullable(link.stack().info(type));
    }

    @Override
    public String toString() {
        return "client, " + link;
    }
}
