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
 * Calls over a connection: {@link #call} sends a request and gives the Future of its answer.
 *
 * <p>Calls made within one tick leave together. If a call is cancelled, or its deadline passes, it leaves a tombstone that swallows its answer,
 * so that no answer ever reaches the wrong call.
 *
 * <p><b>Threading:</b> any thread, unless a method says otherwise.
 *
 * <p><b>Ownership:</b> a request's buffers are taken and released; an answer's belong to whoever receives it, and are released if nobody does.
 *
 * <p><b>Errors:</b> a call fails with a {@link CallFailedException}, which says whether its request can have reached the peer. If the request
 * itself is at fault, the call fails with what its encoder, its key function or its name function throws, and it was never sent. If the
 * connection ends, every call without an answer fails with its cause, and so does every later one; {@link #failure} tells why.
 *
 * <p><b>Not guaranteed:</b> a deadline of a second or more may count from up to sixteen Handles earlier.
 *
 * @param <Q> the request
 * @param <A> the answer
 */
public final class Client<Q, A> implements Caller<Q, A> {
    /** For deadlines that are further ahead a reading of the clock that may be some Handles old is good enough. */
    private static final long LONG = Duration.ofSeconds(1).toNanos();

    private final Link link;
    private final Loop loop;
    private final ClientProtocol.Bounds bounds;
    private final long usualLimit;
    private final Calls<Q, A> calls;
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
    }

    Receiver<A> receiver() {
        return calls;
    }

    // ---- calling

    /**
     * Sends a request, within the deadline of the {@link ClientProtocol}. The deadline counts from this call, on whatever thread: a request
     * that it is too late for when its turn comes is not sent.
     *
     * @return the answer; fails as the class says. Cancelling it frees the caller; the answer is thrown away when it comes.
     */
    @Override
    public Future<A> call(Q request) {
        return call(request, null, usualLimit);
    }

    /** Sends a request that has a deadline of its own; one of zero or less has passed. */
    @Override
    public Future<A> call(Q request, Duration deadline) {
        return call(request, deadline, Loop.nanos(deadline));
    }

    private Future<A> call(Q request, @Nullable Duration limit, long nanos) {
        Objects.requireNonNull(request, "request");
        Promise<A> promise = new Offer<>(loop, Messages::release);
        make(request, promise, false, limit, nanos, Handover.STAYS);
        return promise;
    }

    /**
     * Sends a request that nothing answers, after the calls that were made before. It takes no place among those in flight, but waits for its
     * turn as they do, within the deadline of the {@link ClientProtocol}.
     *
     * @return done when the request was written to the connection, which does not say that it has left; fails as a call does. Cancelling it
     *     takes back a request that waits for its turn
     */
    @Override
    @SuppressWarnings("unchecked") // no answer is ever given to it
    public Future<@Nullable Void> send(Q request) {
        Objects.requireNonNull(request, "request");
        Promise<@Nullable Void> promise = loop.promise();
        make(request, (Promise<A>) (Promise<?>) promise, true, null, usualLimit, Handover.STAYS);
        return promise;
    }

    /**
     * @param promise of any loop
     * @param tries as of {@link Calls#call}
     */
    void make(Q request, Promise<A> promise, boolean oneWay, @Nullable Duration limit, long nanos, int tries) {
        if (loop.isCurrent() && !calls.writing()) {
            long now = nanos < LONG ? loop.nanoTime() : loop.ticking().time();
            calls.call(request, promise, oneWay, limit, now + nanos, tries, true, now);
        } else {
            makeFromOutside(request, promise, oneWay, limit, loop.nanoTime() + nanos, tries);
        }
    }

    /**
     * A call that has waited for a connection, or comes from another one. Whatever this throws, the call is looked after.
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
                        call.request, call.caller, call.oneWay, weight, call.limit, call.due, call.tries));
            } catch (Throwable t) { // as below
                arrived(weight);
                turnAway(call.request, call.caller, call.limit, call.due, t);
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
            turnAway(request, promise, limit, due, unsent(Fate.NEVER_SENT, request, oneWay, why));
            return;
        }
        try {
            loop.enqueue(new OutsideCall(request, promise, oneWay, weight, limit, due, tries));
        } catch (Throwable t) { // no memory, or who drives the loop
            arrived(weight);
            Messages.release(request);
            throw t;
        }
    }

    /** It fails before it has come to the loop. */
    private void turnAway(Q request, Promise<A> promise, @Nullable Duration limit, long due, Throwable why) {
        Object type = request.getClass();
        Messages.release(request);
        CallOutcome outcome = promise.fail(why) ? CallOutcome.of(why) : CallOutcome.CANCELLED;
        loop.counters().turnedAway.getAndIncrement();
        long since = due - (limit == null ? usualLimit : Loop.nanos(limit));
        loop.observing().callEnded(link, type, outcome, since, outcome == CallOutcome.CANCELLED ? null : why);
    }

    private void arrived(int weight) {
        fromOutside.decrementAndGet();
        bytesFromOutside.getAndAdd(-weight);
    }

    /** Named by its type, since the function that names requests runs on the loop. */
    private CallFailedException unsent(Fate fate, Q request, boolean oneWay, String why) {
        String what = (oneWay ? "send of " : "call of ") + Wording.excerpt(request.getClass()) + ": ";
        return new CallFailedException(fate, what + link + why, null);
    }

    /** A call on its way from another thread, or from where none can be made. */
    private final class OutsideCall extends Node {
        private final Q request;
        private final Promise<A> promise;
        private final boolean oneWay;
        private final int weight;
        private final @Nullable Duration limit;
        private final long due;
        private final int tries;

        OutsideCall(
                Q request,
                Promise<A> promise,
                boolean oneWay,
                int weight,
                @Nullable Duration limit,
                long due,
                int tries) {
            this.request = request;
            this.promise = promise;
            this.oneWay = oneWay;
            this.weight = weight;
            this.limit = limit;
            this.due = due;
            this.tries = tries;
        }

        @Override
        void execute() {
            arrived(weight);
            calls.call(request, promise, oneWay, limit, due, tries, false, loop.nanoTime());
        }

        @Override
        void discard() {
            arrived(weight);
            Fate fate = tries > 0 ? Fate.PERHAPS_CARRIED_OUT : Fate.NEVER_SENT;
            CallFailedException why = unsent(fate, request, oneWay, " is closed: its loop is closed");
            if (!calls.handover().request(request, promise, oneWay, limit, due, tries, false, why)) {
                turnAway(request, promise, limit, due, why);
            }
        }

        @Override
        String label() {
            return "call to " + link;
        }
    }

    /**
     * Done while a call would be sent at once: while no other waits for its turn, fewer are in flight than the bounds of the {@link
     * ClientProtocol} allow, and the connection takes more. Await it to send no faster than the peer answers. The Future is the caller's own.
     *
     * @return fails if the client is closed, or finishes
     */
    @Override
    public Future<@Nullable Void> writable() {
        return loop.isCurrent()
                ? calls.writable()
                : loop.submit(calls::writable).flatMap(writable -> writable);
    }

    // ---- ending

    /**
     * Tells {@code handler} of what goes wrong with the connection, instead of the {@link Reporter}. The calls without an answer fail
     * afterwards. See {@link Failure}: what the handler of unsolicited messages throws is survivable. Replaces an earlier handler. On the
     * loop, or while nobody drives it.
     */
    public Client<Q, A> onFailure(Consumer<? super Failure> handler) {
        loop.requireConfined("onFailure", link);
        link.audience().onFailure(Objects.requireNonNull(handler, "handler"));
        return this;
    }

    /**
     * Takes no more calls, waits for the answers of those that were made, and closes.
     *
     * @return {@link #closed()}
     */
    @Override
    public Future<@Nullable Void> finish() {
        link.onLoop("finish", link::finish);
        return closed();
    }

    /**
     * Closes the connection now, in good order: what was written leaves. Calls that have no answer yet fail, and nothing more is told.
     *
     * <p>Begins all of this and does not wait, so it may be called anywhere, by try-with-resources as well: await {@link #closed}. {@link #finish}
     * waits for the answers first.
     */
    @Override
    public void close() {
        link.onLoop("close", calls::close);
    }

    /**
     * Closes the connection at once, with a reset: what has not left is lost. Calls that have no answer yet fail, and nothing more is told.
     *
     * @return {@link #closed()}
     */
    public Future<@Nullable Void> abort() {
        link.onLoop("abort", calls::abort);
        return closed();
    }

    /** Done, never failed, when the connection is gone: {@link #failure} then tells why. A Future of the caller's own. */
    @Override
    public Future<@Nullable Void> closed() {
        return link.audience().closed();
    }

    /** Why the connection has ended; null while it has not, or if this side has closed it. */
    public @Nullable Throwable failure() {
        return calls.failure();
    }

    /** Whether it takes calls: not once it was closed, finishes, or has failed. */
    @Override
    public boolean isOpen() {
        return calls.isOpen();
    }

    // ---- asking

    /**
     * How many calls have no answer yet: those in flight, those that wait for their turn, and those that were given up and whose answer may
     * still come. On the loop, or while nobody drives it.
     */
    public int unanswered() {
        loop.requireConfined("unanswered", link);
        return calls.size();
    }

    /** From any thread, about: how many calls have no answer yet, those included that are on their way to the loop. */
    int load() {
        return fromOutside.getPlain() + calls.size();
    }

    /** How many bytes have come and gone. On the loop. */
    long traffic() {
        return link.inbound().heard() + link.outbound().sent();
    }

    /** For what looks after this client. On the loop. */
    Calls<Q, A> calls() {
        return calls;
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

    /** {@link Connection#info} of its connection. On the loop. */
    public <T> Optional<T> info(Class<T> type) {
        link.loop().requireConfined("info", link);
        return Optional.ofNullable(link.stack().info(type));
    }

    @Override
    public String toString() {
        return "client, " + link;
    }
}
