package rill;

import java.io.IOException;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
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
 */
final class Members<Q, A> implements Runnable {
    private final Pool<Q, A> pool;
    private final Loop loop;
    private final Supplier<? extends @Nullable Loop> spread;
    private final SocketAddress address;
    private final ClientProtocol<Q, A> protocol;
    private final PoolOptions.Draft options;
    private final UnplacedCalls<Q, A> waiting;
    private final BackOff backOff;
    private final RetryBudget budget;
    private final List<Member<Q, A>> all = new ArrayList<>();
    private @Nullable Member<Q, A> dialing;
    private @Nullable Handle pause; // before the next attempt
    private boolean advancing; // asked for
    private boolean growing; // asked for: all are busy
    private int turn;
    private long madeByOthers; // calls of members that are gone
    private final PoolCounters<Q, A> counters;
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
                call -> counters.fail(call, failures().tooLate(call)),
                call -> counters.givenUp(call));
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
        if (loop.closing().connectsNoMore()) {
            end();
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
            counters.fail(call, failures().closed(call));
        } else {
            place(call);
        }
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
            returned(from, call);
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
            publish();
            later();
        }
        if (call.caller.isDone()) {
            counters.givenUp(call);
        } else if (pool.isClosed() || (call.sent && !mayTryAgain(call))) {
            counters.fail(call, Objects.requireNonNull(call.failure));
        } else {
            place(call);
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

    /** It goes to a connection if there is one; in the order of those that wait, and not within whatever happens here. */
    private void place(Unplaced<Q, A> call) {
        boolean connected = pool.ready().clients.length > 0;
        if (!connected && options.whenDown == WhenDown.FAIL) {
            counters.fail(call, call.failure == null ? failures().down(call) : call.failure);
        } else if (!waiting.hasRoom()) {
            counters.fail(call, call.failure == null ? failures().full(call, waiting.size()) : call.failure);
        } else {
            int weight = Messages.weight(protocol.pipeline.codec(), call.request, options.connect.limits());
            waiting.add(call, weight, loop.nanoTime());
            if (call.failure != null) {
                counters.triedAgain(call, call.failure);
            }
        }
        later(); // even if it failed: somebody needs a connection
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
        if (member.state != Member.State.CONNECTING || client == null || !client.isOpen() || pool.isClosed()) {
            if (client != null) {
                client.close();
            }
            Throwable why = failure == null && client != null ? client.failure() : failure;
            leaves(member);
            failed(why == null ? new IOException("connect to " + address + ": closed at once") : why, true);
        } else {
            outage = null;
            counters.connected++;
            member.becomeReady(client, loop.nanoTime());
        }
        publish();
        later();
    }

    /** The connection of a member is gone; of one that is not ready yet, dialing tells. */
    void ended(Member<Q, A> member, @Nullable Throwable why) {
        if (member.state == Member.State.CONNECTING || member.state == Member.State.GONE) {
            return;
        }
        boolean wasReady = member.state == Member.State.READY;
        if (member.proven() || member.stoodFor(loop.nanoTime()) >= backOff.longest()) {
            backOff.reset();
        }
        leaves(member);
        if (why != null || wasReady) {
            failed(why == null ? new IOException("the connection to " + address + " was closed") : why, false);
        }
        publish();
        if (pool.isClosed()) {
            settle();
        } else {
            later();
        }
    }

    private void leaves(Member<Q, A> member) {
        member.state = Member.State.GONE;
        madeByOthers += member.made();
        all.remove(member);
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
        if (pause == null) {
            pause = loop.timer(Duration.ofNanos(wait), "the next attempt to connect ", pool, () -> {
                pause = null;
                publish();
                later();
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
            }
        });
    }

    // ---- what happens next

    private void later() {
        if (!advancing) {
            advancing = true;
            loop.enqueue(new Handle(loop, "", pool, this));
        }
    }

    @Override
    public void run() {
        advancing = false;
        if (pool.isClosed()) {
            settle();
            return;
        }
        placeAll();
        letGo();
        if (wantsMore()) {
            dial();
        }
        growing = false;
        if (pool.isFinishing() && waiting.isEmpty()) {
            finish();
        }
        publish();
    }

    private void placeAll() {
        while (!waiting.isEmpty()) {
            Client<Q, A> client = pool.choose();
            if (client == null) {
                return;
            }
            Unplaced<Q, A> call = Objects.requireNonNull(waiting.poll());
            client.place(call);
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

    private boolean wantsMore() {
        if (dialing != null || pause != null) {
            return false;
        }
        boolean finishing = pool.isFinishing();
        int wanted = finishing ? 0 : options.least;
        if (!waiting.isEmpty() && count(Member.State.READY) == 0) {
            wanted = Math.max(wanted, 1);
        }
        for (Member<Q, A> each : all) {
            if (each.state == Member.State.READY && each.tooOld && !finishing) {
                wanted = Math.max(wanted, leastWhile(each));
            }
        }
        int lasting = lasting();
        return lasting < wanted || (growing && !finishing && lasting < options.most);
    }

    private void dial() {
        Loop target = spread.get();
        if (target == null) {
            return; // every loop is closing, this one included, which ends the pool when it comes to that
        }
        var member = new Member<>(this, target);
        dialing = member;
        all.add(member);
        publish();
        member.dial(turn++);
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
        List.copyOf(all).forEach(Member::close);
        forgetDialing();
        settle();
    }

    /** Its loop is closing: that finishes the connections it has; others finish as well, on their own. */
    void loopCloses() {
        end();
        if (dialing != null) {
            dialing.close();
        }
        forgetDialing();
        for (Member<Q, A> each : List.copyOf(all)) {
            if (each.loop != loop) {
                if (each.state == Member.State.READY) {
                    each.leave();
                }
                all.remove(each);
            }
        }
        settle();
    }

    /** What comes of it is closed. */
    private void forgetDialing() {
        if (dialing != null) {
            leaves(dialing);
            dialing = null;
        }
    }

    private void end() {
        pool.endsNow();
        if (pause != null) {
            pause.cancel();
            pause = null;
        }
        loop.links().remove(this);
        publish();
        for (Unplaced<Q, A> call = waiting.poll(); call != null; call = waiting.poll()) {
            counters.fail(call, failures().closed(call));
        }
    }

    private void settle() {
        if (all.isEmpty()) {
            pool.gone();
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

    /** Whatever has changed here is seen by those who call, and by the listener. */
    private void publish() {
        boolean closed = pool.isClosed();
        List<Client<Q, A>> ready = new ArrayList<>();
        for (Member<Q, A> each : all) {
            if (each.state == Member.State.READY && !closed) {
                ready.add(each.client());
            }
        }
        boolean mayGrow = dialing == null && pause == null && lasting() < options.most && !pool.isFinishing();
        if (!ready.isEmpty()) {
            outage = null;
        }
        pool.become(new ReadyClients<>(ready, mayGrow && options.least < options.most), outage, dialing != null);
        tell();
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
