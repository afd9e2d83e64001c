package rill;

import java.net.SocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import rill.CallFailedException.Fate;

/**
 * Calls over connections that come and go. It connects, connects again after a failure, with a pause that grows, and makes and closes connections as
 * {@link PoolOptions} say; each call goes to the connection with the fewest. Made by {@link Loop#pool} and {@link LoopGroup#pool}.
 *
 * <p>While nothing is connected a call waits, within its deadline, or fails at once. If its connection fails, it is tried on another one: always if its request
 * was never sent, and if it was, when the {@link ClientProtocol#idempotent} of the protocol says so. So a call is never carried out twice that must not be.
 *
 * <p><b>Threading:</b> any thread. The Future of a call belongs to the pool's loop; of a pool of a {@link LoopGroup}, to the loop that makes the call, if one
 * does.
 *
 * <p><b>Ownership:</b> a request's buffers are taken and released; an answer's belong to whoever receives it, and are released if nobody does.
 *
 * <p><b>Errors:</b> a call fails with a {@link CallFailedException}, which says whether its request can have reached the peer, in all of its tries. If nothing is
 * connected, it says since when, and the latest failure. If the request itself is at fault, the call fails with what its encoder, its key function or its
 * name function throws. A failure of a connection is told by {@link #state()} and by the calls that it concerns, and to nobody else. What the handler of
 * unsolicited messages throws is reported, and the connection goes on.
 *
 * <p><b>Not guaranteed:</b> that calls are carried out in the order in which they were made, which one connection does guarantee, for those as well that
 * have waited for it, or come back from the one before it.
 *
 * @param <Q> the request
 * @param <A> the answer
 */
public final class Pool<Q, A> implements Caller<Q, A> {
    private final Loop loop;
    private final SocketAddress address;
    private final ClientProtocol<Q, A> protocol;
    private final Members<Q, A> members;
    private final long usualLimit;
    private final int busyAt;
    private final boolean spread;
    private final AtomicInteger arriving =
            new AtomicInteger(); // calls on their way to the loop, for want of a connection
    private volatile ReadyClients<Q, A> ready;
    private volatile @Nullable Outage outage;
    private volatile boolean connecting;
    private volatile boolean growAsked;
    private volatile boolean finishing;
    private volatile boolean closed;
    private boolean closedHere; // by its user, and not by its loop
    private boolean gone; // guarded by this
    private @Nullable Promise<@Nullable Void> whenGone; // guarded by this

    @SuppressWarnings("this-escape")
    private Pool(
            Loop loop,
            Supplier<? extends @Nullable Loop> targets,
            boolean spread,
            SocketAddress address,
            ClientProtocol<Q, A> protocol,
            PoolOptions options) {
        this.busyAt = options.requireConsistent(protocol);
        this.loop = loop;
        this.address = Objects.requireNonNull(address, "address");
        this.protocol = protocol;
        this.spread = spread;
        this.usualLimit = Loop.nanos(protocol.bounds.deadline());
        this.connecting = options.is.least > 0;
        this.ready = new ReadyClients<>(List.of(), false);
        this.members = new Members<>(this, loop, targets, address, protocol, options.is);
    }

    /**
     * @param loop its own
     * @param targets where its next connection is to live; null if there is nowhere
     * @param spread whether that is more than one loop
     */
    static <Q, A> Pool<Q, A> open(
            Loop loop,
            Supplier<? extends @Nullable Loop> targets,
            boolean spread,
            SocketAddress address,
            ClientProtocol<Q, A> protocol,
            PoolOptions options) {
        var pool = new Pool<>(loop, targets, spread, address, protocol, options);
        pool.members.onHome(pool.new Beginning());
        return pool;
    }

    /** On its way to the loop. */
    private final class Beginning extends Node {
        @Override
        void execute() {
            members.begin();
        }

        @Override
        void discard() {
            closed = true;
            gone();
        }

        @Override
        String label() {
            return "the beginning of " + Pool.this;
        }
    }

    // ---- calling

    /**
     * Sends a request on the connection with the fewest calls, within the deadline of the {@link ClientProtocol}. The deadline counts from this
     * call, and for all tries.
     *
     * @return the answer; fails as the class says. Cancelling it frees the caller, wherever the call is; the answer is thrown away when it comes
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
        Promise<A> promise = new Offer<>(ofCaller(), Messages::release);
        make(request, promise, false, limit, nanos);
        return promise;
    }

    private void make(Q request, Promise<A> promise, boolean oneWay, @Nullable Duration limit, long nanos) {
        Client<Q, A> client = finishing ? null : choose();
        if (client != null) {
            client.make(request, promise, oneWay, limit, nanos, 0);
        } else {
            arrive(new Unplaced<>(request, promise, oneWay, limit, loop.nanoTime() + nanos, 0, false, null));
        }
    }

    /** Whose the Future of a call is: not of the connection's loop, since the call may go on after that is closed. */
    private Loop ofCaller() {
        Loop here = spread ? Loop.current() : null;
        return here == null ? loop : here;
    }

    /**
     * Sends a request that nothing answers, on the connection with the fewest calls.
     *
     * @return done when the request was written to a connection, which does not say that it has left; fails as a call does. Cancelling it takes
     *     back a request that waits
     */
    @Override
    @SuppressWarnings("unchecked") // no answer is ever given to it
    public Future<@Nullable Void> send(Q request) {
        Objects.requireNonNull(request, "request");
        Promise<@Nullable Void> promise = ofCaller().promise();
        make(request, (Promise<A>) (Promise<?>) promise, true, null, usualLimit);
        return promise;
    }

    /**
     * Done while a connection would send a call at once: see {@link Client#writable}. While nothing is connected it waits for that, and a pool that needs no
     * connection otherwise makes one. The Future is the caller's own, and belongs to the pool's loop.
     *
     * <p><b>Not guaranteed:</b> that the next call is sent at once. It goes to the connection with the fewest calls, which need not be the one that would take
     * it, and others may be waiting for the same.
     *
     * @return fails if the pool is closed, or finishes
     */
    @Override
    public Future<@Nullable Void> writable() {
        return loop.isCurrent()
                ? members.writable()
                : loop.submit(members::writable).flatMap(writable -> writable);
    }

    /** The connection with the fewest calls, the first of those: so that others, if they are not needed, become idle. Null if none is ready. */
    @Nullable
    Client<Q, A> choose() {
        return choose(ready);
    }

    /** Likewise, of these. */
    @Nullable
    Client<Q, A> choose(ReadyClients<Q, A> now) {
        Client<Q, A> only = now.only;
        return only != null ? only : chooseOf(now);
    }

    private @Nullable Client<Q, A> chooseOf(ReadyClients<Q, A> now) {
        Loop here = spread ? Loop.current() : null;
        Client<Q, A> best = null;
        int fewest = Integer.MAX_VALUE;
        for (Client<Q, A> each : now.clients) {
            int load = each.load();
            if (load < fewest || (load == fewest && each.loop() == here)) {
                best = each;
                fewest = load;
            }
        }
        if (best != null && fewest >= busyAt && now.mayGrow && !growAsked) {
            growAsked = true;
            members.grow();
        }
        return best;
    }

    private void arrive(Unplaced<Q, A> call) {
        if (loop.isCurrent()) {
            members.arrive(call);
        } else if (arriving.getAndIncrement() >= protocol.bounds.waiting()) {
            arriving.getAndDecrement();
            turnAway(
                    call,
                    " is full: " + protocol.bounds.waiting() + " calls of other threads are on their way to its loop");
        } else {
            try {
                loop.enqueue(new Arrival(call));
            } catch (Throwable t) { // no memory, or who drives the loop
                arriving.getAndDecrement();
                Messages.release(call.request);
                throw t;
            }
        }
    }

    /** A call on its way to the loop, from another thread. */
    private final class Arrival extends Node {
        private final Unplaced<Q, A> call;

        Arrival(Unplaced<Q, A> call) {
            this.call = call;
        }

        @Override
        void execute() {
            arriving.getAndDecrement();
            members.arrive(call);
        }

        @Override
        void discard() {
            arriving.getAndDecrement();
            turnAway(call, " is closed: its loop is closed");
        }

        @Override
        String label() {
            return "call to " + Pool.this;
        }
    }

    /** It fails before it has come to the loop. */
    private void turnAway(Unplaced<Q, A> call, String why) {
        Object type = call.request.getClass();
        CallFailedException failure = unsent(call, why);
        Messages.release(call.request);
        CallOutcome outcome = call.caller.fail(failure) ? CallOutcome.of(failure) : CallOutcome.CANCELLED;
        loop.counters().turnedAway.getAndIncrement();
        long since = call.due - (call.limit == null ? usualLimit : Loop.nanos(call.limit));
        loop.observing().callEnded(null, type, outcome, since, outcome == CallOutcome.CANCELLED ? null : failure);
    }

    /** Named by its type, since the function that names requests runs on the loop. */
    private CallFailedException unsent(Unplaced<Q, A> call, String why) {
        String what = (call.oneWay ? "send of " : "call of ") + Wording.excerpt(call.request.getClass()) + ": ";
        return new CallFailedException(Fate.NEVER_SENT, what + this + why, null);
    }

    // ---- ending

    /**
     * Takes no more calls, waits for the answers of those that were made, and closes. Those that wait for a connection still get one, within their
     * deadlines.
     *
     * @return {@link #closed()}
     */
    @Override
    public Future<@Nullable Void> finish() {
        finishing = true;
        members.onHome(new Handle(loop, "the end of a pool", members::later));
        return closed();
    }

    /**
     * Takes no more calls, and closes all connections in good order: what was written leaves. Calls that have no answer yet fail.
     *
     * <p>Begins all of this and does not wait, so it may be called anywhere, by try-with-resources as well: await {@link #closed}. {@link #finish}
     * waits for the answers first.
     */
    @Override
    public void close() {
        if (!closed) {
            closedHere = true;
            endsNow();
            members.onHome(new Handle(loop, "the end of a pool", members::close));
        }
    }

    /**
     * Done, never failed, when it was closed and all its connections are gone, or its loop has ended before them, at its deadline. A Future of the caller's
     * own.
     */
    @Override
    public synchronized Future<@Nullable Void> closed() {
        if (gone) {
            return Promise.done(loop, null);
        }
        if (whenGone == null) {
            whenGone = Promise.openEnded(loop);
        }
        return whenGone.copy();
    }

    synchronized void gone() {
        gone = true;
        if (whenGone != null) {
            whenGone.complete(null);
        }
    }

    /** Whether it takes calls: until it is closed or finishes, connected or not. */
    @Override
    public boolean isOpen() {
        return !closed && !finishing;
    }

    // ---- asking

    /** How it is. */
    public PoolState state() {
        Outage failing = outage;
        int connections = ready.clients.length;
        if (closed) {
            return new PoolState.Closed();
        }
        if (connections > 0) {
            return new PoolState.Ready(connections);
        }
        if (failing != null) {
            return new PoolState.Failing(
                    failing.why(), Duration.ofNanos(loop.nanoTime() - failing.since()), failing.attempts());
        }
        return connecting ? new PoolState.Connecting() : new PoolState.Idle();
    }

    /** What it has done, as a snapshot. */
    public PoolMetrics metrics() {
        return members.metrics();
    }

    /** The loop that it belongs to; its connections may live on others of a group. */
    public Loop loop() {
        return loop;
    }

    // ---- for its members

    boolean isClosed() {
        return closed;
    }

    boolean isFinishing() {
        return finishing;
    }

    String howItEnded() {
        return closedHere || finishing ? "by this side" : "its loop is closed or closing";
    }

    void endsNow() {
        closed = true;
        ready = new ReadyClients<>(List.of(), false);
    }

    ReadyClients<Q, A> ready() {
        return ready;
    }

    Members<Q, A> members() {
        return members;
    }

    void become(ReadyClients<Q, A> newReady, @Nullable Outage newOutage, boolean nowConnecting) {
        outage = newOutage;
        connecting = nowConnecting;
        ready = newReady;
        growAsked = false;
    }

    @Override
    public String toString() {
        return "pool to " + Wording.address(address);
    }
}
