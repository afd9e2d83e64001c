package rill;

import java.time.Duration;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * How a {@link Client} communicates: a pipeline, how answers are matched with requests, and bounds. Immutable; each method returns a changed copy.
 *
 * @param <Q> the request
 * @param <A> the answer
 */
public final class ClientProtocol<Q, A> {
    /** What happens to a call when the bound of {@link #inFlight} or {@link #inFlightBytes} is reached. */
    public enum WhenFull {
        /** It waits for its turn, in a queue that is itself bounded; when the queue is full, it fails. */
        WAIT,
        /** It fails at once. */
        FAIL
    }

    final Pipeline<A, Q> pipeline;
    final @Nullable Keys<Q, A> keys; // null: answers arrive in order
    final Bounds bounds;
    final Unsolicited<A> unsolicited;
    final @Nullable Function<? super Q, ?> naming; // null: the request's type
    final Upkeep<Q, A> upkeep;

    /** How an answer is matched with its request. */
    record Keys<Q, A>(Function<? super Q, ?> ofRequest, Function<? super A, ?> ofAnswer) {}

    /**
     * Time limits and bounds.
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

        /** The deadline of a call that may have its own. */
        Duration limit(@Nullable Duration own) {
            return own == null ? deadline : own;
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
     * What a {@link Pool} needs for its connections, which come and go.
     *
     * @param first what is done first on a new connection; null for nothing
     * @param probe finds out whether an idle connection still works; null for no probe
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

    /** A protocol whose answers arrive in the order of the requests, as in RESP and HTTP/1.1. */
    public static <Q, A> ClientProtocol<Q, A> inOrder(Pipeline<A, Q> pipeline) {
        return plain(pipeline, null);
    }

    /**
     * A protocol whose answers arrive in any order, each with the key of its request. A key may be reused once its answer has arrived. If
     * {@code answerKey} can't determine the key of an answer, the protocol is broken.
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

    /** This protocol with a byte layer, such as TLS, put beneath its pipeline: see {@link Pipeline#over}. */
    public ClientProtocol<Q, A> over(ByteLayer below) {
        return new ClientProtocol<>(pipeline.over(below), keys, bounds, unsolicited, naming, upkeep);
    }

    private ClientProtocol<Q, A> within(Bounds newBounds) {
        return new ClientProtocol<>(pipeline, keys, newBounds, unsolicited, naming, upkeep);
    }

    /** With this deadline for calls that don't specify one; 60 seconds by default. */
    public ClientProtocol<Q, A> deadline(Duration newDeadline) {
        requirePositive("a deadline", newDeadline);
        return within(bounds.deadline(newDeadline));
    }

    /**
     * With this limit for silence. If calls are in flight and not a single byte has arrived for this long, the connection is aborted and the calls
     * fail. By default, twice the {@link #deadline}. Likewise if nothing is in flight, calls have to wait until earlier requests have left, and not a
     * byte has left or arrived for this long.
     *
     * <p>If a call in flight that is still awaited has its own, longer deadline, the connection is kept until then, unless the call was made when the
     * silence had lasted too long already. If answers are matched by key, this is also how long the answer of a call past its deadline is expected.
     * After that, the call no longer counts as in flight, but its key stays in use. When there are as many such calls as may be {@link #inFlight}, the connection is aborted as well.
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

    /** With at most this many calls in flight (1,024 by default), and what happens to calls beyond that. */
    public ClientProtocol<Q, A> inFlight(int bound, WhenFull newWhenFull) {
        if (bound < 1) {
            throw new IllegalArgumentException("at least one call has to be possible, not " + bound);
        }
        return within(bounds.inFlight(bound, bounds.inFlightBytes, newWhenFull));
    }

    /**
     * With at most this many bytes of requests in flight, as estimated by the codec; 64 MiB by default. The request that reaches the bound is still
     * sent, so a single request may exceed it.
     */
    public ClientProtocol<Q, A> inFlightBytes(long bound) {
        if (bound < 1) {
            throw new IllegalArgumentException("at least one byte has to be possible, not " + bound);
        }
        return within(bounds.inFlight(bounds.inFlight, bound, bounds.whenFull));
    }

    /** With at most this many calls waiting for their turn; 65,536 by default. */
    public ClientProtocol<Q, A> waiting(int bound) {
        requireNotNegative(bound);
        return within(bounds.waiting(bound, bounds.waitingBytes));
    }

    /**
     * With at most this many bytes of requests waiting for their turn, as estimated by the codec; 64 MiB by default. The request that reaches the
     * bound still waits.
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
     * With a handler for messages that answer nothing: those selected by {@code which}, and any that arrive while no call is in flight, or with an
     * unknown key. Without a handler such a message breaks the protocol: the calls fail, and the failure shows the message. The handler owns the
     * message.
     *
     * <p>The handler runs in a Handle. It and the callbacks of answers are called in the order in which the messages arrived. If the connection ends,
     * messages that arrived before are delivered first, and then the unanswered calls fail. Once the client was closed on this side, nothing is
     * delivered. While some hundred messages wait for the handler, no more are decoded. If the handler throws, that is a failure of a
     * {@link Client}'s connection, which the owner may survive; a {@link Pool} reports it and continues. An {@code UncheckedIOException} of a
     * {@link ProtocolException} is the connection's end with either: after it, no answer could be trusted.
     */
    public ClientProtocol<Q, A> unsolicited(Predicate<? super A> which, Consumer<? super A> handler) {
        var messages =
                new Unsolicited<A>(Objects.requireNonNull(which, "which"), Objects.requireNonNull(handler, "handler"));
        return new ClientProtocol<>(pipeline, keys, bounds, messages, naming, upkeep);
    }

    /**
     * With a function that names requests, as shown in the failures of their calls: {@code "GET"}, for example. By default, the name is the request's
     * type.
     *
     * <p>{@code name} is called once for each call, on the loop, before the request is written, and again if a {@link Pool} retries. If it throws,
     * the call fails. Its result is kept until the call is over and is converted to text only if needed, so it should be small, hold no buffers, and
     * contain no secrets.
     */
    public ClientProtocol<Q, A> naming(Function<? super Q, ?> name) {
        return new ClientProtocol<>(pipeline, keys, bounds, unsolicited, Objects.requireNonNull(name, "name"), upkeep);
    }

    // ---- what a connection needs, and what a Pool wants to know

    /**
     * With a step that each connection needs before it is usable: a greeting, a password, the selection of a database. The step is taken once the
     * layers are ready, and {@code connect} is done when the step's Future is; a {@link Pool} takes it on each new connection. If it fails, so does
     * connecting, with that failure as the cause, and the connection is aborted. It has the time that {@link ConnectOptions#timeout()} leaves.
     *
     * <p>{@code step} is called on the loop, as a callback: it must not await. If it throws, connecting fails with that exception itself.
     */
    public ClientProtocol<Q, A> first(Function<? super Client<Q, A>, ? extends Future<?>> step) {
        return with(new Upkeep<>(Objects.requireNonNull(step, "step"), upkeep.probe, upkeep.idempotent));
    }

    /**
     * With a probe that finds out whether an idle connection still works, such as a PING: its Future fails if it does not. A {@link Pool} sends it at
     * the intervals set by {@link PoolOptions#probe}, if there are any.
     *
     * <p>{@code call} is called on the loop, as a callback: it must not await. What it throws is reported, and says nothing about the connection.
     */
    public ClientProtocol<Q, A> probe(Function<? super Client<Q, A>, ? extends Future<?>> call) {
        return with(new Upkeep<>(upkeep.first, Objects.requireNonNull(call, "call"), upkeep.idempotent));
    }

    /**
     * With a predicate for requests that do no harm if they are carried out twice. If a connection fails after such a request was written, a
     * {@link Pool} may repeat the call on another connection; it never does so for other requests. By default, no request is idempotent.
     *
     * <p>{@code which} is called for each try of a call of a Pool that may be followed by another, on the loop, before the request is written. What it
     * throws is reported, and counts as false.
     *
     * <p><b>Ownership:</b> if such a request is reference-counted, one more reference to it is kept until the call is over. It must be possible to
     * encode it twice. For a {@code ByteBuf}, each try has its own indices, and for a {@code ByteBufHolder} as well if its class overrides
     * {@code replace}.
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
     * Opens a client on {@code link}.
     *
     * @param patron looks after the client's calls, besides the client itself; may be null
     */
    Client<Q, A> open(Link link, @Nullable Patron<Q, A> patron) {
        link.open(pipeline);
        var client = new Client<>(link, this, patron);
        link.receiver(client.receiver());
        return client;
    }
}
