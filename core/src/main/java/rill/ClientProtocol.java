package rill;

import java.time.Duration;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * How a {@link Client} speaks: a pipeline, how answers find their requests, and its bounds. Immutable, each method gives a changed
 * copy.
 *
 * @param <Q> the request
 * @param <A> the answer
 */
public final class ClientProtocol<Q, A> {
    /** What happens to a call at the bound of {@link #inFlight} or {@link #inFlightBytes}. */
    public enum WhenFull {
        /** It waits for its turn, in a queue that is bounded in turn; when that is full it fails. */
        WAIT,
        /** It fails at once. */
        FAIL
    }

    final Pipeline<A, Q> pipeline;
    final @Nullable Keys<Q, A> keys; // null: in order
    final Bounds bounds;
    final Unsolicited<A> unsolicited;
    final @Nullable Function<? super Q, ?> naming; // null: by its type
    final Upkeep<Q, A> upkeep;

    /** What tells which answer belongs to which request. */
    record Keys<Q, A>(Function<? super Q, ?> ofRequest, Function<? super A, ?> ofAnswer) {}

    /**
     * How long, and how many.
     *
     * @param dropAfter null for twice the deadline
     */
    record Bounds(
            Duration deadline,
            @Nullable Duration dropAfter,
            int inFlight,
            long inFlightBytes,
            WhenFull whenFull,
            int waiting,
            long waitingBytes) {
        private static final long MANY_BYTES = 64 * 1024 * 1024;

        static final Bounds DEFAULT =
                new Bounds(Duration.ofSeconds(60), null, 1024, MANY_BYTES, WhenFull.WAIT, 64 * 1024, MANY_BYTES);

        Bounds deadline(Duration newDeadline) {
            return new Bounds(newDeadline, dropAfter, inFlight, inFlightBytes, whenFull, waiting, waitingBytes);
        }

        Bounds dropAfter(Duration newDropAfter) {
            return new Bounds(deadline, newDropAfter, inFlight, inFlightBytes, whenFull, waiting, waitingBytes);
        }

        Bounds inFlight(int newInFlight, long newBytes, WhenFull newWhenFull) {
            return new Bounds(deadline, dropAfter, newInFlight, newBytes, newWhenFull, waiting, waitingBytes);
        }

        Bounds waiting(int newWaiting, long newBytes) {
            return new Bounds(deadline, dropAfter, inFlight, inFlightBytes, whenFull, newWaiting, newBytes);
        }

        Duration silence() {
            return dropAfter == null ? Duration.ofNanos(Loop.nanos(deadline)).multipliedBy(2) : dropAfter;
        }
    }

    /**
     * Messages that answer nothing.
     *
     * @param handler null if such a message breaks the protocol
     */
    record Unsolicited<A>(
            Predicate<? super A> which, @Nullable Consumer<? super A> handler) {}

    /**
     * What matters to a connection that is one of several, which come and go.
     *
     * @param first what is done on a new connection; null for nothing
     * @param probe what finds out whether an idle one still works; null if nothing does
     * @param idempotent which requests may be carried out twice
     */
    record Upkeep<Q, A>(
            @Nullable Function<? super Client<Q, A>, ? extends Future<?>> first,
            @Nullable Function<? super Client<Q, A>, ? extends Future<?>> probe,
            @Nullable Predicate<? super Q> idempotent) {}

    private ClientProtocol(
            Pipeline<A, Q> pipeline,
            @Nullable Keys<Q, A> keys,
            Bounds bounds,
            Unsolicited<A> unsolicited,
            @Nullable Function<? super Q, ?> naming,
            Upkeep<Q, A> upkeep) {
        this.pipeline = pipeline;
        this.keys = keys;
        this.bounds = bounds;
        this.unsolicited = unsolicited;
        this.naming = naming;
        this.upkeep = upkeep;
    }

    private static <Q, A> ClientProtocol<Q, A> plain(Pipeline<A, Q> pipeline, @Nullable Keys<Q, A> keys) {
        return new ClientProtocol<>(
                pipeline,
                keys,
                Bounds.DEFAULT,
                new Unsolicited<>(a -> false, null),
                null,
                new Upkeep<>(null, null, null));
    }

    /** The answers come in the order of the requests, as in RESP and HTTP/1.1. */
    public static <Q, A> ClientProtocol<Q, A> inOrder(Pipeline<A, Q> pipeline) {
        return plain(pipeline, null);
    }

    /**
     * The answers come in any order, each with the key of its request. A key may be used again once its answer has come. An answer of
     * which {@code answerKey} can't tell the key breaks the protocol.
     */
    public static <Q, A, K> ClientProtocol<Q, A> byKey(
            Pipeline<A, Q> pipeline,
            Function<? super Q, ? extends K> requestKey,
            Function<? super A, ? extends K> answerKey) {
        return plain(
                pipeline,
                new Keys<>(
                        Objects.requireNonNull(requestKey, "requestKey"),
                        Objects.requireNonNull(answerKey, "answerKey")));
    }

    /** This protocol on a pipeline with a byte layer put beneath it, such as TLS: see {@link Pipeline#over}. */
    public ClientProtocol<Q, A> over(ByteLayer below) {
        return new ClientProtocol<>(pipeline.over(below), keys, bounds, unsolicited, naming, upkeep);
    }

    private ClientProtocol<Q, A> within(Bounds newBounds) {
        return new ClientProtocol<>(pipeline, keys, newBounds, unsolicited, naming, upkeep);
    }

    /** With this deadline for calls that name none of their own; 60 seconds unless said otherwise. */
    public ClientProtocol<Q, A> deadline(Duration newDeadline) {
        requirePositive("a deadline", newDeadline);
        return within(bounds.deadline(newDeadline));
    }

    /**
     * With this for the longest silence. If calls are in flight and not a byte has come for this long, the connection is aborted and the calls
     * fail. Twice the {@link #deadline} unless said otherwise.
     *
     * <p>If a call that somebody still waits for has a longer deadline of its own, the connection is kept up to that. If answers come by key, this
     * is also how long the answer of a call past its deadline is expected. After it the call no longer counts as in flight, and its key stays in
     * use. When there are as many such calls as may be {@link #inFlight}, the connection is aborted as well.
     *
     * <p><b>Not guaranteed:</b> the exact time. It may take up to a quarter more, or half a minute if that is less.
     */
    public ClientProtocol<Q, A> dropAfter(Duration silence) {
        requirePositive("a silence", silence);
        return within(bounds.dropAfter(silence));
    }

    private static void requirePositive(String what, Duration duration) {
        if (duration.isNegative() || duration.isZero()) {
            throw new IllegalArgumentException(what + " has to be positive, not " + duration);
        }
    }

    /** With at most this many calls in flight (1,024 unless said otherwise), and what happens to those beyond. */
    public ClientProtocol<Q, A> inFlight(int bound, WhenFull newWhenFull) {
        if (bound < 1) {
            throw new IllegalArgumentException("at least one call has to be possible, not " + bound);
        }
        return within(bounds.inFlight(bound, bounds.inFlightBytes, newWhenFull));
    }

    /**
     * With at most this many bytes of requests in flight, by the estimate of the codec; 64 MiB unless said otherwise. The request that reaches
     * the bound is still sent: so one may be larger than the bound.
     */
    public ClientProtocol<Q, A> inFlightBytes(long bound) {
        if (bound < 1) {
            throw new IllegalArgumentException("at least one byte has to be possible, not " + bound);
        }
        return within(bounds.inFlight(bounds.inFlight, bound, bounds.whenFull));
    }

    /** With at most this many calls waiting for their turn; 65,536 unless said otherwise. */
    public ClientProtocol<Q, A> waiting(int bound) {
        requireNotNegative(bound);
        return within(bounds.waiting(bound, bounds.waitingBytes));
    }

    /**
     * With at most this many bytes of requests waiting for their turn, by the estimate of the codec; 64 MiB unless said otherwise. The request
     * that reaches the bound still waits.
     */
    public ClientProtocol<Q, A> waitingBytes(long bound) {
        requireNotNegative(bound);
        return within(bounds.waiting(bounds.waiting, bound));
    }

    private static void requireNotNegative(long bound) {
        if (bound < 0) {
            throw new IllegalArgumentException("a bound can't be negative: " + bound);
        }
    }

    /**
     * With a handler for messages that answer nothing: those that {@code which} picks out, and any that come while no call is
     * in flight, or with an unknown key. Without a handler such a message breaks the protocol: the calls fail, and the failure shows
     * it. The handler owns the message.
     *
     * <p>The handler runs in a Handle. It and the callbacks of answers are called in the order in which the messages came. If the connection ends,
     * what came before is told first, and then the calls without an answer fail. Once the client was closed here, nothing is told. While some hundred
     * messages wait for the handler, no more are decoded. What it throws is a failure of a {@link Client}'s connection, which its owner may survive; a {@link Pool}
     * reports it, and goes on.
     */
    public ClientProtocol<Q, A> unsolicited(Predicate<? super A> which, Consumer<? super A> handler) {
        var messages =
                new Unsolicited<A>(Objects.requireNonNull(which, "which"), Objects.requireNonNull(handler, "handler"));
        return new ClientProtocol<>(pipeline, keys, bounds, messages, naming, upkeep);
    }

    /**
     * With a name for requests, which failures of their calls show: {@code "GET"}, say. Without it, that is the request's type.
     *
     * <p>{@code name} is called once for each call, on the loop, before the request is written, and again if a {@link Pool} tries again; what it throws fails the call. What it
     * gives is kept until the call is over, and becomes text only if that is needed: so let it be small, hold no buffers, and tell no
     * secrets.
     */
    public ClientProtocol<Q, A> naming(Function<? super Q, ?> name) {
        return new ClientProtocol<>(pipeline, keys, bounds, unsolicited, Objects.requireNonNull(name, "name"), upkeep);
    }

    // ---- what a connection needs, and what a Pool wants to know

    /**
     * With what each connection needs before it is of use: a greeting, a password, a choice of database. It is done once the layers are ready, and
     * {@code connect} is done when its Future is; a {@link Pool} does it on each new connection. If it fails, so does connecting, with that as the
     * cause, and the connection is aborted. It has the time that {@link ConnectOptions#timeout()} leaves.
     *
     * <p>{@code step} is called on the loop, as a callback: it must not await. What it throws fails connecting as it is.
     */
    public ClientProtocol<Q, A> first(Function<? super Client<Q, A>, ? extends Future<?>> step) {
        return with(new Upkeep<>(Objects.requireNonNull(step, "step"), upkeep.probe, upkeep.idempotent));
    }

    /**
     * With what finds out whether a connection that has been idle still works, a PING say: its Future fails if it does not. A {@link Pool} does
     * it if its {@link PoolOptions#probe} says when.
     *
     * <p>{@code call} is called on the loop, as a callback: it must not await. What it throws is reported, and says nothing about the connection.
     */
    public ClientProtocol<Q, A> probe(Function<? super Client<Q, A>, ? extends Future<?>> call) {
        return with(new Upkeep<>(upkeep.first, Objects.requireNonNull(call, "call"), upkeep.idempotent));
    }

    /**
     * With a say in which requests do no harm if they are carried out twice. Of these a {@link Pool} may make the call again, on another
     * connection, if its connection has failed after the request was written; of others it never does. Unless said otherwise, none.
     *
     * <p>{@code which} is called once for each call of a Pool, on the loop, before the request is written. What it throws is reported, and means no.
     *
     * <p><b>Ownership:</b> of such a request one more reference is kept until the call is over, if it is reference-counted. It has to be possible to
     * encode it twice. Of a {@code ByteBuf} each try has indices of its own.
     */
    public ClientProtocol<Q, A> idempotent(Predicate<? super Q> which) {
        return with(new Upkeep<>(upkeep.first, upkeep.probe, Objects.requireNonNull(which, "which")));
    }

    private ClientProtocol<Q, A> with(Upkeep<Q, A> newUpkeep) {
        return new ClientProtocol<>(pipeline, keys, bounds, unsolicited, naming, newUpkeep);
    }

    Client<Q, A> open(Link link) {
        return open(link, null);
    }

    /**
     * @param patron who looks after its calls, besides the client itself; or null
     */
    Client<Q, A> open(Link link, @Nullable Patron<Q, A> patron) {
        link.open(pipeline);
        var client = new Client<>(link, this, patron);
        link.receiver(client.receiver());
        return client;
    }
}
