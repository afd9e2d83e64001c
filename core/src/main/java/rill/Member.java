package rill;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufHolder;
import io.netty.util.ReferenceCounted;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One connection of a pool, from when it is dialed until it is gone; never used again.
 *
 * <pre>
 *  CONNECTING ── layers ready, first step done ──▶ READY ── not needed any more ──▶ LEAVING: finishes its calls
 *      │ fails, or nobody needs it                   │ fails                           │
 *      └────────────────────────────▶ GONE ◀─────────┴─────────────────────────────────┘
 * </pre>
 *
 * <p><b>Threading:</b> its state is the pool's, and confined to the loop of that; what a {@link Patron} is told comes on the loop of the connection.
 */
final class Member<Q, A> implements Patron<Q, A> {
    /** What it is good for. */
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
    private @Nullable Client<Q, A> client; // once connected
    private @Nullable Health<Q, A> health; // once ready
    private boolean proven; // as told by the end

    // On the loop of the connection; read by that of the pool.
    private volatile boolean served; // it was ready
    private long made; // calls, if some may be kept; read by others as it may be
    private boolean gone;

    Member(Members<Q, A> members, Loop loop) {
        this.members = members;
        this.loop = loop;
    }

    // ---- on the loop of the pool

    void dial(int turn) {
        ClientProtocol<Q, A> protocol = members.protocol();
        var first = protocol.upkeep.first();
        var connecting = new Dialer<Client<Q, A>>(
                        loop,
                        members.address(),
                        members.options().connect,
                        turn,
                        link -> protocol.open(link, this),
                        first == null ? null : reporting(first))
                .start();
        dialing = connecting;
        connecting.onDone((made, failure) -> members.onHome(new Arrival(made, failure)));
    }

    /** What it throws is the connection's failure, and a mistake of whoever wrote it. */
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

    /** The outcome of dialing, on its way to the pool. */
    private final class Arrival extends Node {
        private final @Nullable Client<Q, A> connected;
        private final @Nullable Throwable failure;

        Arrival(@Nullable Client<Q, A> connected, @Nullable Throwable failure) {
            this.connected = connected;
            this.failure = failure;
        }

        @Override
        void execute() {
            dialing = null;
            members.dialed(Member.this, connected, failure);
        }

        @Override
        void discard() {
            if (connected != null) {
                connected.close();
            }
        }

        @Override
        String label() {
            return "a connection of " + members;
        }
    }

    void becomeReady(Client<Q, A> connected, long now) {
        client = connected;
        state = State.READY;
        readySince = now;
        served = true;
        if (loop.isCurrent()) {
            begin(connected);
        } else {
            loop.enqueue(new Handle(loop, "a new connection of a pool", () -> begin(connected)));
        }
    }

    private void begin(Client<Q, A> connected) {
        connected.calls().forgetAnswers();
        if (!gone && Health.isLookedAfter(members.options())) {
            health = new Health<>(this, members, connected);
        }
    }

    Client<Q, A> client() {
        return Objects.requireNonNull(client);
    }

    /** Takes no more calls, and ends when those that were made are over. */
    void leave() {
        state = State.LEAVING;
        client().finish();
    }

    /** Ends now. */
    void close() {
        if (dialing != null) {
            dialing.cancel();
        }
        if (client != null) {
            client.close();
        }
    }

    /** How long it has been of use. */
    long stoodFor(long now) {
        return now - readySince;
    }

    /** Whether it has answered a call; known once it is gone. */
    boolean proven() {
        return proven;
    }

    long made() {
        return made;
    }

    // ---- on the loop of the connection

    @Override
    @SuppressWarnings("unchecked") // the same, with indices of its own
    public @Nullable Q keep(Q request, int tries) {
        var idempotent = members.protocol().upkeep.idempotent();
        if (idempotent == null) {
            return null;
        }
        made += tries == 0 ? 1 : 0;
        if (tries >= members.options().retries) {
            return null;
        }
        try {
            if (!idempotent.test(request)) {
                return null;
            }
            return switch (request) {
                case ByteBuf bytes -> (Q) bytes.retainedDuplicate();
                case ByteBufHolder holder -> (Q) holder.retainedDuplicate();
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
        gone = true;
        Health<Q, A> watched = health;
        if (watched != null) {
            watched.close();
        }
        Client<Q, A> mine = client;
        boolean answered = served && mine != null && mine.calls().hasAnswered();
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
            proven = answered;
            members.ended(Member.this, why);
        }

        @Override
        void discard() {}

        @Override
        String label() {
            return "the end of a connection of " + members;
        }
    }
}
