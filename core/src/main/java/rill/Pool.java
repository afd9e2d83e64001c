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
 * Makes calls over connections that come and go. A pool connects, reconnects after a failure with growing pauses, and opens and closes connections
 * according to its {@link PoolOptions}. Each call goes to the connection with the fewest calls. Made by {@link Loop#pool} and {@link LoopGroup#pool}.
 *
 * <p>While nothing is connected, a call either waits within its deadline or fails at once. If the connection of a call fails, the call is tried on
 * another one: always if its request was never sent, and otherwise only if the protocol's {@link ClientProtocol#idempotent} allows it. A call that
 * must not be carried out twice never is. With {@link PoolOptions#retries} of 0 none is tried again, nor are those that come back when as many wait
 * as may.
 *
 * <p><b>Threading:</b> any thread. The Future of a call belongs to the pool's loop; with a pool of a {@link LoopGroup}, it belongs to the loop that
 * makes the call, if one does.
 *
 * <p><b>Ownership:</b> a request's buffers are taken and released. An answer's buffers belong to its receiver, and are released if there is none.
 *
 * <p><b>Errors:</b> those of every {@link Caller}; what a {@link CallFailedException} says of the request is true of all of its tries. If nothing is
 * connected, the exception says since when, and gives the latest failure. A failed connection is visible in {@link #state()} and in the calls that it
 * affects, and nowhere else. An exception thrown by the handler of unsolicited messages is reported, and the connection continues, unless it says
 * that the peer broke the protocol: see {@link ClientProtocol#unsolicited}.
 *
 * <p><b>Not guaranteed:</b> that calls are carried out in the order in which they were made. A single connection does guarantee this, also for calls
 * that waited for it or returned from the connection before it.
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
    private final CallEnds ends; // of calls that are on no connection
    private final int busyAt;
    private final boolean spread;
    private final Unanswered unanswered;
    private final AtomicInteger arriving =
            new AtomicInteger(); // calls on their way to the loop, for want of a connection
    private volatile ReadyClients<Q, A> ready;
    private volatile @Nullable Outage outage;
    private volatile boolean connecting; // or about to
    private volatile boolean growAsked;
    private volatile boolean finishing;
    private volatile boolean closed;
    private boolean closedHere; // by its user, not by its loop
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
        this.unanswered = new Unanswered("a call on " + this);
        this.usualLimit = Loop.nanos(protocol.bounds.deadline());
        this.ends = new CallEnds(loop, null, usualLimit);
        this.connecting = options.leastConnections() > 0;
        this.ready = new ReadyClients<>(List.of(), false);
        this.members = new Members<>(this, loop, targets, address, protocol, options);
    }

    /**
     * @param loop the pool's own loop
     * @param targets the loop on which its next connection is to live; null if there is none
     * @param spread whether there is more than one target
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

    /** The start of the pool, on its way to the loop. */
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
     * Sends a request on the connection with the fewest calls, within the deadline of the {@link ClientProtocol}. The deadline counts from this call
     * and covers all tries.
     *
     * @return the answer; fails as described for the class. Cancelling it frees the caller wherever the call is; the answer is discarded when it
     *     arrives
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
        Promise<A> promise = new Offer<>(ofCaller(), unanswered);
        make(request, promise, false, limit);
        return promise;
    }

    private void make(Q request, Promise<A> promise, boolean oneWay, @Nullable Duration limit) {
        Client<Q, A> client = finishing ? null : choose();
        if (client != null) {
            client.make(request, promise, oneWay, limit, 0);
        } else {
            long nanos = limit == null ? usualLimit : Loop.nanos(limit);
            arrive(new Unplaced<>(request, promise, oneWay, limit, loop.nanoTime() + nanos, 0, false, null));
        }
    }

    /** The loop to which the Future of a call belongs. It is not the connection's loop, since the call may continue after that loop is closed. */
    private Loop ofCaller() {
        Loop here = spread ? Loop.current() : null;
        return here == null ? loop : here;
    }

    /**
     * Sends a request that has no answer, on the connection with the fewest calls.
     *
     * @return done when the request was written to a connection, which does not mean that it has left; fails as a call does. Cancelling it withdraws
     *     a request that is still waiting
     */
    @Override
    @SuppressWarnings("unchecked") // it never gets an answer
    public Future<@Nullable Void> send(Q request) {
        Objects.requireNonNull(request, "request");
        Promise<@Nullable Void> promise = ofCaller().promise();
        make(request, (Promise<A>) (Promise<?>) promise, true, null);
        return promise;
    }

    /**
     * Done while a connection would send a call at once: see {@link Client#writable}. While nothing is connected, the Future waits for a connection,
     * and a pool that has no other need of one makes one. While all of its connections are busy, the pool makes one more, as it does for calls: see
     * {@link PoolOptions#busyAt}. The Future is the caller's own, and belongs to the pool's loop.
     *
     * <p><b>Not guaranteed:</b> that the next call is sent at once. It goes to the connection with the fewest calls, which need not be the one that
     * would send it, and other callers may be waiting as well.
     *
     * @return fails if the pool is closed or finishing
     */
    @Override
    public Future<@Nullable Void> writable() {
        return loop.isCurrent()
                ? members.writable()
                : loop.submit(members::writable).flatMap(writable -> writable);
    }

    /** The connection with the fewest calls; of several, the first, so that the others become idle if they are not needed. Null if none is ready. */
    @Nullable
    Client<Q, A> choose() {
        return choose(ready);
    }

    /** The same, chosen from these connections. */
    @Nullable
    Client<Q, A> choose(ReadyClients<Q, A> now) {
        Client<Q, A> only = now.only;
        return only != null ? only : chooseOf(now);
    }

    /** Whether each of these connections is busy, by the options; not if there is none. */
    boolean allBusy(ReadyClients<Q, A> now) {
        for (Client<Q, A> each : now.clients) {
            if (each.load() < busyAt) {
                return false;
            }
        }
        return now.clients.length > 0;
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
        int most = mostArriving();
        if (loop.isCurrent()) {
            members.arrive(call, finishing);
        } else if (arriving.getAndIncrement() >= most) {
            arriving.getAndDecrement();
            turnAway(call, " is full: " + most + " calls of other threads are on their way to its loop");
        } else {
            try {
                loop.enqueue(new Arrival(call));
            } catch (Throwable t) { // no memory, or thrown by the loop's Driver
                arriving.getAndDecrement();
                Messages.release(call.request);
                throw t;
            }
        }
    }

    /** How many calls of other threads may be on their way to the loop; if none may wait there, as many as a connection may carry. */
    private int mostArriving() {
        int waiting = protocol.bounds.waiting();
        return waiting == 0 ? protocol.bounds.inFlight() : waiting;
    }

    /** A call on its way to the loop, from another thread. */
    private final class Arrival extends Node {
        private final Unplaced<Q, A> call;
        private final boolean tooLate = finishing; // before it was made

        Arrival(Unplaced<Q, A> call) {
            this.call = call;
        }

        @Override
        void execute() {
            arriving.getAndDecrement();
            members.arrive(call, tooLate);
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

    /** Fails the call before it has reached the loop. */
    private void turnAway(Unplaced<Q, A> call, String why) {
        String message = Wording.call(call.request.getClass(), call.oneWay, this) + why;
        var failure = new CallFailedException(Fate.NEVER_SENT, message, null);
        ends.turnAway(call.request, call.caller, call.limit, call.due, failure);
    }

    // ---- ending

    /**
     * Takes no more calls, waits for the answers of those already made, and closes. Calls that wait for a connection still get one, within their
     * deadlines.
     *
     * @return {@link #closed()}
     */
    @Override
    public Future<@Nullable Void> finish() {
        finishing = true;
        members.onHome(new Handle(loop, "the end of a pool", members::beginToFinish));
        return closed();
    }

    /**
     * Takes no more calls, and closes all connections gracefully: everything written is sent. Calls without an answer yet fail.
     *
     * <p>This only starts closing and does not wait, so it may be called anywhere, also by try-with-resources; await {@link #closed} for the end.
     * {@link #finish} waits for the answers first.
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
     * Done, never failed, when the pool was closed and all its connections are gone, or when its loop has ended before them, at its deadline. The
     * Future is the caller's own.
     */
    @Override
    public synchronized Future<@Nullable Void> closed() {
        if (gone) {
            return Promise.done(loop, null);
        }
        if (whenGone == null) {
            whenGone = Promise.ofEnd(loop, this);
        }
        return whenGone.copy();
    }

    synchronized void gone() {
        gone = true;
        if (whenGone != null) {
            whenGone.complete(null);
            whenGone.forgetPurpose();
        }
    }

    /** Whether the pool takes calls: until it is closed or finishing, connected or not. */
    @Override
    public boolean isOpen() {
        return !closed && !finishing;
    }

    // ---- asking

    /** The present state. */
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

    /** A snapshot of what the pool has done. */
    public PoolMetrics metrics() {
        return members.metrics();
    }

    /** The loop that the pool belongs to; its connections may live on other loops of a group. */
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

    CallEnds ends() {
        return ends;
    }

    /** Somebody waits for a connection, so from now on it is not idle. */
    void isNeeded() {
        if (!connecting) {
            connecting = true;
        }
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
