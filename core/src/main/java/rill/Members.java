package rill;

import java.io.IOException;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import rill.PoolOptions.WhenDown;

/**
 * The connections of a pool, the calls that wait for one, and what happens next: the part of a {@link Pool} that lives on one loop. {@link Member}
 * shows the states of each connection; the state of the pool follows from these.
 *
 * <pre>
 *             an event: a call waits, a connection becomes ready, fails, is too old …
 *                │ notes it, and asks for
 *                ▼
 *             advance ── in a separate Handle: places waiting calls, lets connections go that are not needed, dials if one more is
 *                        wanted and neither an attempt nor a pause is under way, ends if it was to finish, notifies the listener
 * </pre>
 *
 * <p>A connection that becomes ready gets the calls that have waited for it before it is published, so no later call overtakes them.
 *
 * <p>It is longer than other classes because every event may change which connections are ready, which calls wait, and whether one more is wanted.
 */
final class Members<Q, A> {
    private final Pool<Q, A> pool;
    private final Loop loop;
    private final Supplier<? extends @Nullable Loop> spread;
    private final SocketAddress address;
    private final ClientProtocol<Q, A> protocol;
    private final PoolOptions options;
    private final UnplacedCalls<Q, A> waiting;
    private final BackOff backOff;
    private final RetryBudget budget;
    private final List<Member<Q, A>> all = new ArrayList<>(); // each until nothing is left of it
    private final Advance advance = new Advance();
    private ReadyClients<Q, A> ready =
            new ReadyClients<>(List.of(), false); // of one that becomes ready: published once no call waits
    private @Nullable Member<Q, A> dialing;
    private @Nullable Handle pause; // before the next attempt
    private boolean advancing; // advance is scheduled
    private boolean growing; // requested: all are busy
    private boolean finishing; // requested, and every call made before has arrived
    private int turn;
    private long madeByOthers; // calls of members that are gone
    private final PoolCounters<Q, A> counters;
    private @Nullable PoolRoomWaiters<Q, A> roomWaiters; // once there are any
    private @Nullable Outage outage; // while nothing is ready, once something has failed
    private Class<? extends PoolState> told;

    Members(
            Pool<Q, A> pool,
            Loop loop,
            Supplier<? extends @Nullable Loop> spread,
            SocketAddress address,
            ClientProtocol<Q, A> protocol,
            PoolOptions options) {
        this.pool = pool;
        this.loop = loop;
        this.spread = spread;
        this.address = address;
        this.protocol = protocol;
        this.options = options;
        this.counters = new PoolCounters<>(pool, loop, protocol);
        this.waiting = new UnplacedCalls<>(
                loop,
                protocol.bounds.waiting(),
                protocol.bounds.waitingBytes(),
                call -> {
                    later(); // it may have been the last one
                    fail(call, failures -> failures.tooLate(call));
                },
                call -> {
                    later();
                    counters.givenUp(call);
                });
        this.backOff = new BackOff(options.firstPause(), options.longestPause(), loop.random());
        this.budget = new RetryBudget(options.retryShare(), loop.nanoTime());
        this.told = pool.state().getClass();
    }

    // ---- what its parts ask

    ClientProtocol<Q, A> protocol() {
        return protocol;
    }

    PoolOptions options() {
        return options;
    }

    Loop loop() {
        return loop;
    }

    SocketAddress address() {
        return address;
    }

    /** Whether calls are taken back from connections that could not carry them out. Any thread. */
    boolean takesOn() {
        return options.retries() > 0 && !pool.isClosed();
    }

    /** Any thread. */
    void onHome(Node node) {
        if (!loop.isCurrent()) {
            loop.enqueue(node);
            return;
        }
        try {
            node.execute();
        } catch (Throwable t) { // no memory, for example
            loop.threw(node, t);
        }
    }

    private void onHome(String what, Runnable action) {
        onHome(new Handle(loop, what, action));
    }

    /** The number of calls that wait for a connection. */
    int waiting() {
        return waiting.size();
    }

    // ---- events

    void begin() {
        if (pool.isClosed()) {
            return; // its end is on the way
        }
        if (loop.closing().connectsNoMore()) {
            end();
            settle();
        } else {
            loop.links().add(this);
            later();
        }
    }

    /**
     * Takes a call for which there was no connection.
     *
     * @param tooLate whether the pool was to finish when it was made
     */
    void arrive(Unplaced<Q, A> call, boolean tooLate) {
        if (call.caller.isDone()) {
            counters.givenUp(call);
        } else if (pool.isClosed() || tooLate) {
            fail(call, failures -> failures.closed(call));
        } else if (waiting.isEmpty() && ready.clients.length > 0) { // it has become ready meanwhile
            place(call);
        } else {
            await(call);
        }
    }

    /** Done while a connection would send a call at once. */
    Future<@Nullable Void> writable() {
        if (pool.isClosed() || pool.isFinishing()) {
            return loop.failed(failures().writable());
        }
        if (waiting.isEmpty() && someoneIsWritable()) {
            return loop.accepted();
        }
        if (roomWaiters == null) {
            roomWaiters = new PoolRoomWaiters<>(loop);
        }
        Future<@Nullable Void> told = roomWaiters.add(pool);
        pool.isNeeded();
        later(); // a member is asked, or a connection is needed
        return told;
    }

    /** Checks only members whose loop is this one. */
    private boolean someoneIsWritable() {
        for (Client<Q, A> each : ready.clients) {
            if (each.loop() == loop && each.calls().isWritable()) {
                return true;
            }
        }
        return false;
    }

    /** A call on its way back from a connection that could not carry it out. */
    final class Return extends Node {
        private final Member<Q, A> from;
        private final Unplaced<Q, A> call;

        Return(Member<Q, A> from, Unplaced<Q, A> call) {
            this.from = from;
            this.call = call;
        }

        @Override
        void execute() {
            try {
                returned(from, call);
            } catch (Throwable t) { // no memory, say: it is in no queue any more, unless that was done
                if (!call.waits() && !call.caller.isDone()) {
                    counters.fail(call, t);
                }
                loop.threw(this, t);
            }
        }

        @Override
        void discard() {
            counters.fail(call, Objects.requireNonNull(call.failure));
        }

        @Override
        String label() {
            return "a call of " + pool;
        }
    }

    private void returned(Member<Q, A> from, Unplaced<Q, A> call) {
        if (from.state == Member.State.READY) { // it takes no more calls, whatever happens to it
            from.state = Member.State.LEAVING;
            later();
        }
        if (from.isAmong(ready)) { // otherwise the call would return to it
            publish();
        }
        if (call.caller.isDone()) {
            counters.givenUp(call);
        } else if (pool.isClosed() || (call.sent && !mayTryAgain(call))) {
            counters.fail(call, Objects.requireNonNull(call.failure));
        } else {
            await(call); // not at once to another one, which may have just failed as well
        }
    }

    private boolean mayTryAgain(Unplaced<Q, A> call) {
        if (call.tries > options.retries()) {
            return false;
        }
        long made = madeByOthers;
        for (Member<Q, A> each : all) {
            made += each.made();
        }
        return budget.spend(loop.nanoTime(), made);
    }

    /** Makes the call wait for a connection, behind those already waiting. */
    private void await(Unplaced<Q, A> call) {
        later(); // even if it fails: a connection is needed
        if (isDown() && options.whenDown() == WhenDown.FAIL) {
            failAsDown(call);
        } else if (!waiting.hasRoom() && !passesOn(call)) {
            fail(call, failures -> call.failure == null ? failures.full(call, waiting.size()) : call.failure);
        } else {
            queue(call);
            pool.isNeeded();
        }
    }

    /** Whether the call came back, and waits for nothing but its turn. */
    private boolean passesOn(Unplaced<Q, A> call) {
        return call.failure != null && options.whenDown() == WhenDown.FAIL;
    }

    private void fail(Unplaced<Q, A> call, Function<PoolFailures<Q, A>, Throwable> why) {
        counters.fail(call, Each.cause(() -> why.apply(failures())));
    }

    private void queue(Unplaced<Q, A> call) {
        int weight = Messages.weight(
                protocol.pipeline.codec(), call.request, options.connect().limits());
        try {
            waiting.add(call, weight, loop.nanoTime());
        } catch (Throwable t) { // no memory
            counters.fail(call, t);
            return;
        }
        if (call.failure != null) {
            counters.triedAgain(call, call.failure);
        }
    }

    /** The pool is to finish, once all calls made before have arrived here. */
    void beginToFinish() {
        finishing = true;
        later();
    }

    /** Notes that every connection is busy. Any thread. */
    void grow() {
        onHome("the growth of a pool", () -> {
            growing = true;
            later();
        });
    }

    void dialed(Member<Q, A> member, @Nullable Client<Q, A> client, @Nullable Throwable failure) {
        if (dialing == member) {
            dialing = null;
        }
        later(); // whatever fails here
        try {
            Throwable why = becomesReady(member, client, failure);
            if (why == null) {
                ready = nowReady();
                placeAll();
            } else {
                member.state = Member.State.LEAVING;
                try {
                    attemptFailed(why);
                } finally {
                    forgetIfGone(member);
                }
            }
        } finally {
            publish();
        }
    }

    /** Returns null if the member becomes ready, or else the reason; in that case the connection, if there is one, is closed. */
    private @Nullable Throwable becomesReady(
            Member<Q, A> member, @Nullable Client<Q, A> client, @Nullable Throwable failure) {
        try {
            if (client != null && client.isOpen() && !pool.isClosed()) {
                member.becomeReady(client, loop.nanoTime());
                outage = null;
                counters.connected++;
                return null;
            }
        } catch (Throwable t) { // no memory, say
            member.state = Member.State.LEAVING;
            Objects.requireNonNull(client).close();
            return t;
        }
        if (client != null) {
            client.close();
        }
        Throwable why = failure == null && client != null ? client.failure() : failure;
        return why == null
                ? Each.cause(() -> new IOException("connect to " + Wording.address(address) + ": closed at once"))
                : why;
    }

    /**
     * The connection of a member carries no calls any more. If it was not ready yet, the outcome of dialing covers it.
     *
     * @param answered whether it has answered a call of the pool
     */
    void ended(Member<Q, A> member, @Nullable Throwable why, boolean answered) {
        if (!member.wasEverReady()) {
            return;
        }
        boolean wasReady = member.state == Member.State.READY;
        member.state = Member.State.LEAVING;
        later();
        try {
            if (answered || member.stoodFor(loop.nanoTime()) >= backOff.longest()) {
                backOff.reset();
            }
            if (why != null || wasReady) {
                wasLost(
                        why == null
                                ? Each.cause(() -> new IOException(
                                        "the connection to " + Wording.address(address) + " was closed"))
                                : why);
            }
        } finally { // whatever fails there: it must get no more calls
            publish();
        }
    }

    /** Removes a member once nothing is left of it, not even bytes that were to leave. */
    void forgetIfGone(Member<Q, A> member) {
        if (member.isGone() && all.remove(member)) {
            member.state = Member.State.GONE;
            madeByOthers += member.made();
            later();
        }
    }

    private void attemptFailed(Throwable why) {
        boolean givenUp = finishing && waiting.isEmpty(); // since nobody needs it any more
        if (!givenUp && !pool.isClosed()) {
            counters.connectsFailed++;
            failed(why, 1);
        }
    }

    private void wasLost(Throwable why) {
        if (!pool.isClosed()) {
            counters.lost++;
            failed(why, 0);
        }
    }

    /**
     * @param attempts how many attempts have failed: one, or none if a connection was lost
     */
    private void failed(Throwable why, int attempts) {
        long now = loop.nanoTime();
        if (count(Member.State.READY) == 0) {
            outage = outage == null ? new Outage(why, now, attempts) : outage.and(why, attempts);
        }
        long wait = pause == null ? backOff.pauseNanos() : 0;
        ConnectionEvents.reconnects(loop, pool, why, attempts > 0, wait);
        pauseFor(wait);
    }

    private void pauseFor(long nanos) {
        if (pause == null) {
            pause = loop.timer(Duration.ofNanos(nanos), "the next attempt to connect ", pool, () -> {
                pause = null;
                later();
                publish();
            });
        }
    }

    void tooOld(Member<Q, A> member) {
        onHome("the age of a connection", () -> {
            member.tooOld = true;
            later();
        });
    }

    void idle(Member<Q, A> member) {
        onHome("an idle connection", () -> {
            if (member.state == Member.State.READY && !member.tooOld && lasting() > options.leastConnections()) {
                leave(member);
                later();
            }
        });
    }

    // ---- what happens next

    void later() {
        if (!advancing) {
            advancing = true;
            loop.enqueue(advance);
        }
    }

    private final class Advance extends Node {
        @Override
        void execute() {
            advancing = false;
            try {
                if (pool.isClosed()) {
                    settle();
                } else {
                    advance();
                }
            } catch (Throwable t) { // no memory, for example: try again later, for nobody else may ask
                loop.threw(this, t);
                pauseFor(Loop.nanos(options.firstPause()));
            }
        }

        @Override
        String label() {
            return pool.toString();
        }
    }

    private void advance() {
        placeAll();
        if (isDown() && options.whenDown() == WhenDown.FAIL) {
            failAll();
        }
        letGo();
        if (roomWaiters != null) {
            roomWaiters.ask(ready);
        }
        boolean wanted = lasting() < wanted();
        growing |= someoneWaitsForRoom() && pool.allBusy(ready); // they make no calls, which would ask for that
        boolean more = growing && !finishing && all.size() < options.mostConnections();
        growing = false;
        if ((wanted || more) && dialing == null && pause == null) {
            dial();
        }
        if (!wanted && dialing == null) {
            outage = null; // nothing is tried, since no connection is wanted
        }
        if (finishing) {
            failRoomWaiters();
            if (waiting.isEmpty()) {
                finish();
            }
        }
        publish();
        tell();
    }

    private void placeAll() {
        long tries = (long) waiting.size() * ready.clients.length; // each call may return from each connection
        for (; tries > 0 && !waiting.isEmpty() && ready.clients.length > 0; tries--) {
            place(Objects.requireNonNull(waiting.poll())); // may change the ready connections
        }
    }

    private boolean isDown() {
        return ready.clients.length == 0;
    }

    /** Fails the calls that came back while there were other connections, which are gone since. */
    private void failAll() {
        for (Unplaced<Q, A> call = waiting.poll(); call != null; call = waiting.poll()) {
            Unplaced<Q, A> each = call;
            loop.runReporting("the end of a call of ", pool, () -> failAsDown(each));
        }
    }

    private void failAsDown(Unplaced<Q, A> call) {
        fail(call, failures -> call.failure == null ? failures.down(call) : call.failure);
    }

    /** Places a call that is in no queue. Never throws, since other calls follow. */
    private void place(Unplaced<Q, A> call) {
        Client<Q, A> client;
        long now;
        try {
            client = Objects.requireNonNull(pool.choose(ready));
            now = loop.nanoTime();
        } catch (Throwable t) { // no memory, say
            loop.runReporting("the end of a call of ", pool, () -> counters.fail(call, t));
            return;
        }
        try {
            client.place(call, now);
        } catch (Throwable t) {
            loop.threw("a call of ", pool, t);
        }
    }

    private int count(Member.State state) {
        int count = 0;
        for (Member<Q, A> each : all) {
            count += each.state == state ? 1 : 0;
        }
        return count;
    }

    /** The number of connections that are ready and stay. */
    private int lasting() {
        int count = 0;
        for (Member<Q, A> each : all) {
            count += each.state == Member.State.READY && !each.tooOld ? 1 : 0;
        }
        return count;
    }

    /** Lets connections that are too old leave once there are others in their place. */
    private void letGo() {
        for (Member<Q, A> each : List.copyOf(all)) {
            if (each.state == Member.State.READY && each.tooOld && lasting() >= leastWhile(each)) {
                leave(each);
            }
        }
    }

    private int leastWhile(Member<Q, A> old) {
        return Math.max(options.leastConnections(), old.client().load() > 0 ? 1 : 0);
    }

    private void leave(Member<Q, A> member) {
        member.leave();
        publish();
    }

    /** The number of connections that should be ready, and stay. */
    private int wanted() {
        int wanted = finishing ? 0 : options.leastConnections();
        if (!waiting.isEmpty() || (someoneWaitsForRoom() && !finishing)) {
            wanted = Math.max(wanted, 1);
        }
        for (Member<Q, A> each : all) {
            if (each.state == Member.State.READY && each.tooOld && !finishing) {
                wanted = Math.max(wanted, leastWhile(each));
            }
        }
        return wanted;
    }

    private boolean someoneWaitsForRoom() {
        return roomWaiters != null && !roomWaiters.isEmpty();
    }

    private void dial() {
        Loop target = spread.get();
        if (target == null) {
            return; // every loop is closing, including this one, which then ends the pool
        }
        var member = new Member<>(this, target);
        all.add(member);
        dialing = member;
        try {
            publish();
            member.dial(turn++);
        } catch (Throwable t) { // no memory, say
            member.close();
            dialed(member, null, t);
        }
    }

    private void finish() {
        for (Member<Q, A> each : List.copyOf(all)) {
            if (each.state == Member.State.READY) {
                leave(each);
            }
        }
        if (dialing != null) {
            dialing.close();
        }
        if (all.isEmpty()) {
            pool.close();
        }
    }

    /** Ends everything at once: calls in flight fail. */
    void close() {
        end();
        Each.of(List.copyOf(all), loop, "the end of ", pool, Member::close);
        settle();
    }

    /** The loop is closing. It finishes its own connections; this method finishes those on other loops, and the pool waits for them. */
    void loopCloses() {
        end();
        if (dialing != null) {
            dialing.close();
        }
        Each.of(List.copyOf(all), loop, "the end of ", pool, each -> {
            if (each.loop != loop && each.state == Member.State.READY) {
                each.leave();
            }
        });
        settle();
    }

    /** The loop waits no longer: nothing more will happen here. */
    void loopEnds() {
        end();
        Each.of(List.copyOf(all), loop, "the end of ", pool, each -> {
            if (each.loop != loop) {
                each.abort();
            }
        });
        all.clear();
        settle();
    }

    /** A description of the connections that it still has on other loops; empty if there are none. */
    String situation() {
        int elsewhere = 0;
        for (Member<Q, A> each : all) {
            elsewhere += each.loop != loop ? 1 : 0;
        }
        return elsewhere == 0 ? "" : pool + " (" + elsewhere + " connections on other loops)";
    }

    private void end() {
        pool.endsNow();
        if (pause != null) {
            pause.cancel();
            pause = null;
        }
        loop.runReporting("the end of ", pool, this::publish);
        loop.runReporting("the end of ", pool, this::tell);
        failRoomWaiters();
        for (Unplaced<Q, A> call = waiting.poll(); call != null; call = waiting.poll()) {
            end(call);
        }
    }

    private void end(Unplaced<Q, A> call) {
        loop.runReporting("the end of a call of ", pool, () -> fail(call, failures -> failures.closed(call)));
    }

    private void failRoomWaiters() {
        if (roomWaiters != null) {
            roomWaiters.fail(Each.cause(() -> failures().writable()));
        }
    }

    private void settle() {
        if (all.isEmpty()) {
            pool.gone();
            loop.links().remove(this);
        }
    }

    private PoolFailures<Q, A> failures() {
        return new PoolFailures<>(pool, protocol, outage);
    }

    // ---- what others see

    /** Any thread. */
    PoolMetrics metrics() {
        return counters.snapshot(waiting.size());
    }

    /** Publishes the present state to callers. */
    private void publish() {
        ready = nowReady();
        if (ready.clients.length > 0) {
            outage = null;
        }
        pool.become(ready, outage, dialing != null || lasting() < wanted());
    }

    private ReadyClients<Q, A> nowReady() {
        List<Client<Q, A>> clients = new ArrayList<>();
        for (Member<Q, A> each : all) {
            if (each.state == Member.State.READY && !pool.isClosed()) {
                clients.add(each.client());
            }
        }
        boolean mayGrow = options.leastConnections() < options.mostConnections()
                && all.size() < options.mostConnections()
                && dialing == null
                && pause == null
                && !finishing;
        return new ReadyClients<>(clients, mayGrow);
    }

    private void tell() {
        PoolState now = pool.state();
        if (told == now.getClass()) {
            return;
        }
        told = now.getClass();
        var listener = options.onState();
        if (listener != null) {
            loop.enqueue(new Handle(loop, "the listener to the state of ", pool, () -> listener.accept(now)));
        }
    }

    @Override
    public String toString() {
        return pool.toString();
    }
}
