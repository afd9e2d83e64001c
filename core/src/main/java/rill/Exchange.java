package rill;

import java.time.Duration;
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
public final class Exchange<Q, A> {
    /** What happens to a call when {@link #outstanding} calls have no answer yet. */
    public enum WhenFull {
        /** It waits for its turn, in a queue that is bounded in turn; when that is full it fails. */
        WAIT,
        /** It fails at once. */
        FAIL
    }

    private static final Duration DEFAULT_DEADLINE = Duration.ofSeconds(60);
    private static final int DEFAULT_OUTSTANDING = 1024;
    private static final int DEFAULT_WAITING = 64 * 1024;

    final Pipeline<A, Q> pipeline;
    final @Nullable Function<? super Q, ?> requestKey; // null: in order
    final @Nullable Function<? super A, ?> answerKey;
    final Duration deadline;
    final int outstanding;
    final WhenFull whenFull;
    final int waiting;
    final Predicate<? super A> unsolicited;
    final @Nullable Consumer<? super A> onUnsolicited;

    private Exchange(
            Pipeline<A, Q> pipeline,
            @Nullable Function<? super Q, ?> requestKey,
            @Nullable Function<? super A, ?> answerKey,
            Duration deadline,
            int outstanding,
            WhenFull whenFull,
            int waiting,
            Predicate<? super A> unsolicited,
            @Nullable Consumer<? super A> onUnsolicited) {
        this.pipeline = pipeline;
        this.requestKey = requestKey;
        this.answerKey = answerKey;
        this.deadline = deadline;
        this.outstanding = outstanding;
        this.whenFull = whenFull;
        this.waiting = waiting;
        this.unsolicited = unsolicited;
        this.onUnsolicited = onUnsolicited;
    }

    /** The answers come in the order of the requests, as in RESP and HTTP/1.1. */
    public static <Q, A> Exchange<Q, A> inOrder(Pipeline<A, Q> pipeline) {
        return new Exchange<>(
                pipeline,
                null,
                null,
                DEFAULT_DEADLINE,
                DEFAULT_OUTSTANDING,
                WhenFull.WAIT,
                DEFAULT_WAITING,
                a -> false,
                null);
    }

    /**
     * The answers come in any order, each with the key of its request. A key may be used again once its answer has come.
     */
    public static <Q, A, K> Exchange<Q, A> byKey(
            Pipeline<A, Q> pipeline,
            Function<? super Q, ? extends K> requestKey,
            Function<? super A, ? extends K> answerKey) {
        return new Exchange<>(
                pipeline,
                requestKey,
                answerKey,
                DEFAULT_DEADLINE,
                DEFAULT_OUTSTANDING,
                WhenFull.WAIT,
                DEFAULT_WAITING,
                a -> false,
                null);
    }

    /** With this deadline for calls that name none of their own; 60 seconds unless said otherwise. */
    public Exchange<Q, A> deadline(Duration newDeadline) {
        if (newDeadline.isNegative() || newDeadline.isZero()) {
            throw new IllegalArgumentException("a deadline has to be positive, not " + newDeadline);
        }
        return new Exchange<>(
                pipeline,
                requestKey,
                answerKey,
                newDeadline,
                outstanding,
                whenFull,
                waiting,
                unsolicited,
                onUnsolicited);
    }

    /** With at most so many calls on their way (1,024 unless said otherwise), and what happens to those beyond. */
    public Exchange<Q, A> outstanding(int bound, WhenFull newWhenFull) {
        if (bound < 1) {
            throw new IllegalArgumentException("at least one call has to be possible, not " + bound);
        }
        return new Exchange<>(
                pipeline, requestKey, answerKey, deadline, bound, newWhenFull, waiting, unsolicited, onUnsolicited);
    }

    /** With at most so many calls waiting for their turn; 65,536 unless said otherwise. */
    public Exchange<Q, A> waiting(int bound) {
        if (bound < 0) {
            throw new IllegalArgumentException("a bound can't be negative: " + bound);
        }
        return new Exchange<>(
                pipeline, requestKey, answerKey, deadline, outstanding, whenFull, bound, unsolicited, onUnsolicited);
    }

    /**
     * With a handler for messages that answer nothing: those that {@code which} picks out, and any that come while no call is
     * outstanding (or with an unknown key). Without a handler such a message breaks the protocol. The handler owns the message.
     */
    public Exchange<Q, A> unsolicited(Predicate<? super A> which, Consumer<? super A> handler) {
        return new Exchange<>(
                pipeline, requestKey, answerKey, deadline, outstanding, whenFull, waiting, which, handler);
    }

    Client<Q, A> open(Link link) {
        link.open(pipeline);
        var client = new Client<>(link, this);
        link.receiver(client.receiver());
        return client;
    }
}
