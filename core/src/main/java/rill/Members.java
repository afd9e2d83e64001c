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
 * The connections of a pool, the calls that wait for one, and what is to happen next: the part of a {@link Pool} that lives on one loop. {@link
 * Member} shows the states of each connection; what the pool is follows from these.
 *
 * <pre>
 *             an event: a call waits, a connection is there, fails, is too old …
 *                │ notes it, and asks for
 *                ▼
 *             advance ── in a Handle of its own: places the calls that wait, lets go who is not needed, dials if one more is
 *                        wanted and neither an attempt nor a pause is under way, ends if it was to finish, tells the listener
 * </pre>
 *
 * <p>A connection that becomes ready gets the calls that have waited for it before others see it: no later call overtakes them.
 */
final class Members<Q, A> {
    private final Pool<Q, A> pool;
    private final Loop loop;
    private final Supplier<? extends @Nullable Loop> spread;
    private final SocketAddress address;
    private final ClientProtocol<Q, A> protocol;
    private final PoolOptions.Draft options;
    private final UnplacedCalls<Q, A> waiting;
    private final BackOff backOff;
    private final RetryBudget budget;
    private final List<Member<Q, A>> all = new ArrayList<>(); // until nothing is left of each
    private final Advance advance = new Advance();
    private ReadyClients<Q, A> ready = new ReadyClients<>(List.of(), false); // which others see once nothing waits
    private @Nullable Member<Q, A> dialing;
    private @Nullable Handle pause; // before the next attempt
    private boolean advancing; // asked for
    private boolean growing; // asked for: all are busy
    private int turn;
    private long madeByOthers; // calls of members that are gone
    private final PoolCounters<Q, A> counters;
    private @Nullable PoolWriters<Q, A> writers; // once there were any
    private @Nullable Outage outage; // while nothing is ready, once something has failed
    private Class<? extends PoolState> told;

    Members(
            Pool<Q, A> pool,
            Loop loop,
            Supplier<? extends @Nullable Loop> spread,
            SocketAddress address,
            ClientProtocol<Q, A> protocol,
            PoolOptions.Draft options) {
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
        this.backOff = new BackOff(options.firstPause, options.longestPause, loop.random());
        this.budget = new RetryBudget(options.retryShare, loop.nanoTime());
        this.told = kindOf(pool.state());
    }

    // ---- what its parts ask

    ClientProtocol<Q, A> protocol() {
        return protocol;
    }

    PoolOptions.Draft options() {
        return options;
    }

    Loop loop() {
        return loop;
    }

    SocketAddress address() {
        return address;
    }

    /** From any thread: whether calls are taken on from connections that could not carry them out. */
    boolean takesOn() {
        return options.retries > 0 && !pool.isClosed();
    }

    /** From any thread. */
    void onHome(Node node) {
        if (!loop.isCurrent()) {
            loop.enqueue(node);
            return;
        }
        try {
            node.execute();
        } catch (Throwable t) { // no memory, say
            loop.threw(node, t);
        }
    }

    private void onHome(String what, Runnable action) {
        onHome(new Handle(loop, what, action));
    }

    /** How many calls wait for a connection. */
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

    /** A call for which there was no connection. */
    void arrive(Unplaced<Q, A> call) {
        if (call.caller.isDone()) {
            counters.givenUp(call);
        } else if (pool.isClosed() || pool.isFinishing()) {
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
        if (writers == null) {
            writers = new PoolWriters<>(loop);
        }
        Future<@Nullable Void> told = writers.add();
        later(); // somebody is asked, or needs a connection
        return told;
    }

    /** Of those whose loop can be seen from here. */
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
        if (from.state == Member.State.READY) { // it takes no more calls, whatever it is up to
            from.state = Member.State.LEAVING;
            later();
        }
        if (from.isAmong(ready)) { // else the call would come to it again
            publish();
        }
        if (call.caller.isDone()) {
            counters.givenUp(call);
        } else if (pool.isClosed() || (call.sent && !mayTryAgain(call))) {
            counters.fail(call, Objects.requireNonNull(call.failure));
        } else {
            await(call); // and not at once to another connection, which may have just failed as well
        }
    }

    private boolean mayTryAgain(Unplaced<Q, A> call) {
        if (call.tries > options.retries) {
            return false;
        }
        long made = madeByOthers;
        for (Member<Q, A> each : all) {
            made += each.made();
        }
        return budget.spend(loop.nanoTime(), made);
    }

    /** It waits for a connection, in the order of those that do. */
    private void await(Unplaced<Q, A> call) {
        later(); // even if it fails: somebody needs a connection
        if (options.whenDown == WhenDown.FAIL && ready.clients.length == 0) {
            fail(call, failures -> call.failure == null ? failures.down(call) : call.failure);
        } else if (!waiting.hasRoom()) {
            fail(call, failures -> call.failure == null ? failures.full(call, waiting.size()) : call.failure);
        } else {
            queue(call);
        }
    }

    private void fail(Unplaced<Q, A> call, Function<PoolFailures<Q, A>, Throwable> why) {
        counters.fail(call, Each.cause(() -> why.apply(failures())));
    }

    private void queue(Unplaced<Q, A> call) {
        int weight = Messages.weight(protocol.pipeline.codec(), call.request, options.connect.limits());
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

    /** From any thread: every connection is busy. */
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
        later(); // whatever goes wrong here
        try {
            Throwable why = becomesReady(member, client, failure);
            if (why == null) {
                ready = nowReady();
                placeAll();
            } else {
                member.state = Member.State.LEAVING;
                failed(why, true);
                forgetIfGone(member);
            }
        } finally {
            publish();
        }
    }

    /** Why it does not: then the connection, if there is one, is closed. */
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

    /** The connection of a member carries no calls any more; of one that is not ready yet, dialing tells. */
    void ended(Member<Q, A> member, @Nullable Throwable why) {
        if (member.state == Member.State.CONNECTING) {
            return;
        }
        boolean wasReady = member.state == Member.State.READY;
        member.state = Member.State.LEAVING;
        later();
        try {
            if (member.proven() || member.stoodFor(loop.nanoTime()) >= backOff.longest()) {
                backOff.reset();
            }
            if (why != null || wasReady) {
                failed(
                        why == null
                                ? Each.cause(() -> new IOException(
                                        "the connection to " + Wording.address(address) + " was closed"))
                                : why,
                        false);
            }
        } finally { // whatever goes wrong there: it is to be given no more calls
            publish();
        }
    }

    /** If nothing is left of a member, not even bytes that were to leave, it does not count any more. */
    void forgetIfGone(Member<Q, A> member) {
        if (member.isGone() && all.remove(member)) {
            member.state = Member.State.GONE;
            madeByOthers += member.made();
            later();
        }
    }

    private void failed(Throwable why, boolean attempt) {
        if (pool.isClosed()) {
            return;
        }
        counters.connectsFailed += attempt ? 1 : 0;
        counters.lost += attempt ? 0 : 1;
        long now = loop.nanoTime();
        if (count(Member.State.READY) == 0) {
            Outage before = outage;
            outage = before == null
                    ? new Outage(why, now, attempt ? 1 : 0)
                    : new Outage(why, before.since(), before.attempts() + (attempt ? 1 : 0));
        }
        long wait = pause == null ? backOff.pauseNanos() : 0;
        ConnectionEvents.reconnects(loop, pool, why, attempt, wait);
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
            if (member.state == Member.State.READY && !member.tooOld && lasting() > options.least) {
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
            } catch (Throwable t) { // no memory, say: another time, for nobody else may ask
                loop.threw(this, t);
                pauseFor(Loop.nanos(options.firstPause));
            }
        }

        @Override
        String label() {
            return pool.toString();
        }
    }

    private void advance() {
        placeAll();
        letGo();
        if (writers != null) {
            writers.ask(ready);
        }
        boolean wanted = lasting() < wanted();
        boolean more = growing && !pool.isFinishing() && all.size() < options.most;
        growing = false;
        if ((wanted || more) && dialing == null && pause == null) {
            dial();
        }
        if (!wanted && dialing == null) {
            outage = null; // nothing is tried, since nobody wants a connection
        }
        if (pool.isFinishing()) {
            failWriters();
            if (waiting.isEmpty()) {
                finish();
            }
        }
        publish();
        tell();
    }

    private void placeAll() {
        long tries = (long) waiting.size() * ready.clients.length; // each may come back from each of them
        for (; tries > 0 && !waiting.isEmpty() && ready.clients.length > 0; tries--) {
            place(Objects.requireNonNull(waiting.poll())); // which may change who is ready
        }
    }

    /** A call that is in no queue. Never throws: there are others. */
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

    /** How many are ready and stay. */
    private int lasting() {
        int count = 0;
        for (Member<Q, A> each : all) {
            count += each.state == Member.State.READY && !each.tooOld ? 1 : 0;
        }
        return count;
    }

    /** Those that are too old leave once there are others in their place. */
    private void letGo() {
        for (Member<Q, A> each : List.copyOf(all)) {
            if (each.state == Member.State.READY && each.tooOld && lasting() >= leastWhile(each)) {
                leave(each);
            }
        }
    }

    private int leastWhile(Member<Q, A> old) {
        return Math.max(options.least, old.client().load() > 0 ? 1 : 0);
    }

    private void leave(Member<Q, A> member) {
        member.leave();
        publish();
    }

    /** How many are to be ready, and to stay. */
    private int wanted() {
        boolean finishing = pool.isFinishing();
        int wanted = finishing ? 0 : options.least;
        if (!waiting.isEmpty() || (writers != null && !writers.isEmpty() && !finishing)) {
            wanted = Math.max(wanted, 1);
        }
        for (Member<Q, A> each : all) {
            if (each.state == Member.State.READY && each.tooOld && !finishing) {
                wanted = Math.max(wanted, leastWhile(each));
            }
        }
        return wanted;
    }

    private void dial() {
        Loop target = spread.get();
        if (target == null) {
            return; // every loop is closing, this one included, which ends the pool when it comes to that
        }
        var member = new Member<>(this, target);
        all.add(member);
        dialing = member;
        try {
            publish();
            member.dial(turn++);
        } catch (Throwable t) { // no memory, say
            member.failedToDial();
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

    /** Nothing more is told of: what is in flight fails. */
    void close() {
        end();
        Each.of(List.copyOf(all), loop, "the end of ", pool, Member::close);
        settle();
    }

    /** Its loop is closing: that finishes the connections it has; others finish as well, on their own, and it waits for them. */
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

    /** Its loop waits no longer: nothing will be told here. */
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

    /** What it still has on other loops, in words; or nothing. */
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
        failWriters();
        for (Unplaced<Q, A> call = waiting.poll(); call != null; call = waiting.poll()) {
            end(call);
        }
    }

    private void end(Unplaced<Q, A> call) {
        loop.runReporting("the end of a call of ", pool, () -> fail(call, failures -> failures.closed(call)));
    }

    private void failWriters() {
        if (writers != null) {
            writers.fail(Each.cause(() -> failures().writable()));
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

    /** From any thread. */
    PoolMetrics metrics() {
        return counters.snapshot(waiting.size());
    }

    /** Whatever has changed here is seen by those who call. */
    private void publish() {
        ready = nowReady();
        if (ready.clients.length > 0) {
            outage = null;
        }
        pool.become(ready, outage, dialing != null);
    }

    private ReadyClients<Q, A> nowReady() {
        List<Client<Q, A>> clients = new ArrayList<>();
        for (Member<Q, A> each : all) {
            if (each.state == Member.State.READY && !pool.isClosed()) {
                clients.add(each.client());
            }
        }
        boolean mayGrow = options.least < options.most
                && all.size() < options.most
                && dialing == null
                && pause == null
                && !pool.isFinishing();
        return new ReadyClients<>(clients, mayGrow);
    }

    private static Class<? extends PoolState> kindOf(PoolState state) {
        return state.getClass();
    }

    private void tell() {
        PoolState now = pool.state();
        if (told == kindOf(now)) {
            return;
        }
        told = kindOf(now);
        var listener = options.listener;
        if (listener != null) {
            loop.enqueue(new Handle(loop, "the listener to the state of ", pool, () -> listener.accept(now)));
        }
    }

    @Override
    public String toString() {
        return pool.toString();
    }
}
