package rill;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufHolder;
import io.netty.util.ReferenceCounted;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One connection of a pool, from when it is dialed until it is gone; never reused.
 *
 * <pre>
 *  CONNECTING ── layers ready, first step done ──▶ READY
 *      │ fails, or is not needed                     │ fails, or is no longer needed
 *      ▼                                             ▼
 *  LEAVING: takes no calls, finishes those that it has, and lets its bytes leave
 *      │ the outcome of dialing is known, and the connection, if there was one, is gone
 *      ▼
 *    GONE
 * </pre>
 *
 * <p><b>Threading:</b> its state belongs to the pool, and is confined to the pool's loop. The methods of {@link Patron} are called on the loop of the
 * connection.
 */
final class Member<Q, A> implements Patron<Q, A> {
    /** The stages of its life. */
    enum State {
        CONNECTING,
        READY,
        LEAVING,
        GONE
    }

    private final Members<Q, A> members;
    final Loop loop; // of the connection
    State state = State.CONNECTING;
    boolean tooOld; // to be replaced
    private long readySince;
    private @Nullable Future<Client<Q, A>> dialing;
    private boolean linkGone;
    private volatile @Nullable Client<Q, A> client; // once ready

    // Written on the connection's loop.
    private volatile boolean linked; // there is, or was, a connection
    private @Nullable Health<Q, A> health; // once ready
    private int uses;
    private long made; // calls, if some may be kept; others may read an old value

    Member(Members<Q, A> members, Loop loop) {
        this.members = members;
        this.loop = loop;
    }

    // ---- on the loop of the pool

    void dial(int turn) {
        var first = members.protocol().upkeep.first();
        var connecting = new Dialer<Client<Q, A>>(
                        loop,
                        members.address(),
                        members.options().connect(),
                        turn,
                        this::open,
                        first == null ? null : reporting(first))
                .start();
        dialing = connecting;
        Watch.on(members.loop(), connecting, "a connection of ", members, this::dialed);
    }

    private void dialed(Future<Client<Q, A>> done) {
        dialing = null;
        Throwable failure = done.failure();
        members.dialed(this, failure == null ? done.result() : null, failure);
    }

    /** Called on the loop of the connection. */
    private Client<Q, A> open(Link link) {
        Watch.on(members.loop(), link.audience().closed(), "the end of a connection of ", members, this::linkGone);
        linked = true;
        return members.protocol().open(link, this);
    }

    private void linkGone(Future<?> closed) {
        linkGone = true;
        members.forgetIfGone(this);
    }

    /** Whether nothing is left of it, and nothing more can happen to it. */
    boolean isGone() {
        return state != State.CONNECTING && (linkGone || !linked);
    }

    /** An exception that the first step throws is the connection's failure, and a bug in the step. */
    private Function<Client<Q, A>, Future<?>> reporting(Function<? super Client<Q, A>, ? extends Future<?>> first) {
        return connected -> {
            try {
                return first.apply(connected);
            } catch (Throwable t) {
                loop.threw("the first step of ", members, t);
                throw t;
            }
        };
    }

    void becomeReady(Client<Q, A> connected, long now) {
        client = connected;
        state = State.READY;
        readySince = now;
        if (loop.isCurrent()) {
            begin(connected);
        } else {
            loop.enqueue(new Handle(loop, "a new connection of a pool", () -> begin(connected)));
        }
    }

    private void begin(Client<Q, A> connected) {
        connected.calls().forgetAnswers();
        if (connected.calls().isOver() || !Health.isLookedAfter(members.options())) {
            return;
        }
        try {
            health = new Health<>(this, members, connected);
        } catch (Throwable t) { // no memory: nobody would ever notice that it is useless
            connected.close();
            throw t;
        }
    }

    /** Whether it is in this list, so that calls may be passed to it. */
    boolean isAmong(ReadyClients<Q, A> ready) {
        for (Client<Q, A> each : ready.clients) {
            if (each == client) {
                return true;
            }
        }
        return false;
    }

    Client<Q, A> client() {
        return Objects.requireNonNull(client);
    }

    /** Takes no more calls, and ends when those already made are over. */
    void leave() {
        state = State.LEAVING;
        try {
            client().finish();
        } catch (Throwable t) { // no memory: it continues, and is asked again
            state = State.READY;
            throw t;
        }
    }

    /** Closes the connection now. */
    void close() {
        end(Client::close);
    }

    /** Aborts the connection. */
    void abort() {
        end(Client::abort);
    }

    private void end(Consumer<? super Client<Q, A>> how) {
        if (dialing != null) {
            dialing.cancel();
        }
        Client<Q, A> connected = client;
        if (connected != null) {
            how.accept(connected);
        }
    }

    /** How long it has been ready. */
    long stoodFor(long now) {
        return now - readySince;
    }

    long made() {
        return made;
    }

    boolean wasEverReady() {
        return client != null;
    }

    // ---- on the loop of the connection

    /** A count of its uses; only changes of it are meaningful. */
    int uses() {
        return uses;
    }

    @Override
    public void used() {
        uses++;
    }

    @Override
    @SuppressWarnings("unchecked") // the same type, with independent indices
    public @Nullable Q keep(Q request, int tries) {
        var idempotent = members.protocol().upkeep.idempotent();
        if (idempotent == null) {
            return null;
        }
        made += tries == 0 ? 1 : 0;
        if (tries >= members.options().retries()) {
            return null;
        }
        try {
            if (!idempotent.test(request)) {
                return null;
            }
            return switch (request) {
                case ByteBuf bytes -> (Q) bytes.retainedDuplicate();
                case ByteBufHolder holder -> (Q) apart(holder);
                case ReferenceCounted counted -> {
                    counted.retain();
                    yield request;
                }
                default -> request;
            };
        } catch (Throwable t) {
            loop.threw("the predicate for idempotent requests of ", members, t);
            return null;
        }
    }

    /** A duplicate, or the holder itself if its class does not override how it is duplicated: then the duplicate would be of its superclass. */
    private static ByteBufHolder apart(ByteBufHolder holder) {
        ByteBufHolder copy = holder.retainedDuplicate();
        if (copy.getClass() == holder.getClass() || !copy.getClass().isInstance(holder)) {
            return copy;
        }
        copy.release();
        return holder.retain();
    }

    @Override
    public boolean takesOn() {
        return members.takesOn();
    }

    @Override
    public void takeOn(Unplaced<Q, A> call) {
        members.onHome(members.new Return(this, call));
    }

    @Override
    public void ended(@Nullable Throwable why) {
        Health<Q, A> watched = health;
        if (watched != null) {
            watched.close();
        }
        Client<Q, A> connected = client;
        boolean answered = connected != null && connected.calls().hasAnswered();
        members.onHome(new End(why, answered));
    }

    /** Its end, on the way to the pool. */
    private final class End extends Node {
        private final @Nullable Throwable why;
        private final boolean answered;

        End(@Nullable Throwable why, boolean answered) {
            this.why = why;
            this.answered = answered;
        }

        @Override
        void execute() {
            members.ended(Member.this, why, answered);
        }

        @Override
        void discard() {}

        @Override
        String label() {
            return "the end of a connection of " + members;
        }
    }
}
