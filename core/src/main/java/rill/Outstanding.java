package rill;

import java.util.ArrayDeque;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The calls of a client that are on their way, and how an answer finds its own.
 *
 * <p>A call that was cancelled, or whose deadline has passed, stays in as a tombstone: its Promise is done, its answer will still
 * come, and has to find it, so that it does not find another. It counts as outstanding till then. Confined to the loop.
 */
sealed interface Outstanding<Q, A> {
    /** How many have had no answer. */
    int size();

    /** Adds a call; throws IllegalArgumentException if its key is in use. */
    void add(Q request, Promise<A> promise);

    /** Takes a call out that could not be sent after all; it was the last one added. */
    void undoAdd(Q request);

    /** The call that an answer belongs to, which is then no longer outstanding; null if there is none. */
    @Nullable
    Promise<A> take(A answer);

    /** All that are left, tombstones included. */
    Collection<Promise<A>> all();

    static <Q, A> Outstanding<Q, A> of(Exchange<Q, A> exchange) {
        return exchange.requestKey == null || exchange.answerKey == null
                ? new InOrder<>()
                : new ByKey<>(exchange.requestKey, exchange.answerKey);
    }

    /** Answers come in the order of the requests. */
    final class InOrder<Q, A> implements Outstanding<Q, A> {
        private final ArrayDeque<Promise<A>> calls = new ArrayDeque<>();

        @Override
        public int size() {
            return calls.size();
        }

        @Override
        public void add(Q request, Promise<A> promise) {
            calls.addLast(promise);
        }

        @Override
        public void undoAdd(Q request) {
            calls.removeLast();
        }

        @Override
        public @Nullable Promise<A> take(A answer) {
            return calls.pollFirst();
        }

        @Override
        public Collection<Promise<A>> all() {
            return calls;
        }
    }

    /** Answers name their requests. */
    final class ByKey<Q, A> implements Outstanding<Q, A> {
        private final Map<Object, Promise<A>> calls = new LinkedHashMap<>();
        private final Function<? super Q, ?> requestKey;
        private final Function<? super A, ?> answerKey;

        ByKey(Function<? super Q, ?> requestKey, Function<? super A, ?> answerKey) {
            this.requestKey = requestKey;
            this.answerKey = answerKey;
        }

        @Override
        public int size() {
            return calls.size();
        }

        @Override
        public void add(Q request, Promise<A> promise) {
            Object key = keyOf(request);
            if (calls.putIfAbsent(key, promise) != null) {
                throw new IllegalArgumentException("key " + key + " is in use by a call that has no answer yet");
            }
        }

        @Override
        public void undoAdd(Q request) {
            calls.remove(keyOf(request));
        }

        private Object keyOf(Q request) {
            return Objects.requireNonNull(requestKey.apply(request), "a request's key");
        }

        @Override
        public @Nullable Promise<A> take(A answer) {
            return calls.remove(answerKey.apply(answer));
        }

        @Override
        public Collection<Promise<A>> all() {
            return calls.values();
        }
    }
}
