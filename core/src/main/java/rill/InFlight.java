package rill;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The calls of a client that were sent, and how an answer is matched with its call.
 *
 * <p>If a call is cancelled, or its deadline passes, it stays in as a tombstone: its answer may still arrive, and must not be taken for that of
 * another call. A tombstone counts as in flight. By key, a call that is {@link #forget forgotten} no longer counts, but its key stays in use. While a
 * request is being written, its key is in use, but its call is not in yet. Confined to the loop.
 */
sealed interface InFlight<Q, A> {
    /** The number of unanswered calls, without those that are forgotten. */
    int size();

    /** Called before a request is written: determines its key and reserves it; throws if it is in use. */
    void reserve(Call<Q, A> call, Q request);

    /** The request could not be written after all. */
    void withdraw(Call<Q, A> call);

    /** The request was written. */
    void add(Call<Q, A> call);

    /** Removes and returns the call that an answer belongs to; null if there is none. */
    @Nullable
    Call<Q, A> take(A answer);

    /** By key: the answer of a tombstone is not expected any more. */
    void forget();

    /** The number of forgotten calls. */
    int forgotten();

    /** All that are left, in the order in which they were sent. */
    void forEach(Consumer<? super Call<Q, A>> action);

    /** Forgets all that are left, for good. */
    void clear();

    /** Releases what a burst has taken, if the burst is over. */
    void trim();

    static <Q, A> InFlight<Q, A> of(ClientProtocol<Q, A> protocol) {
        return protocol.keys == null ? new InOrder<>() : new ByKey<>(protocol.keys);
    }

    /** Answers arrive in the order of the requests. */
    final class InOrder<Q, A> implements InFlight<Q, A> {
        private final CallQueue<Q, A> calls = new CallQueue<>();

        @Override
        public int size() {
            return calls.size();
        }

        @Override
        public void reserve(Call<Q, A> call, Q request) {}

        @Override
        public void withdraw(Call<Q, A> call) {}

        @Override
        public void add(Call<Q, A> call) {
            calls.add(call);
        }

        @Override
        public @Nullable Call<Q, A> take(A answer) {
            return calls.poll();
        }

        @Override
        public void forget() {
            throw new IllegalStateException("in order every answer is expected");
        }

        @Override
        public int forgotten() {
            return 0;
        }

        @Override
        public void forEach(Consumer<? super Call<Q, A>> action) {
            calls.forEach(action);
        }

        @Override
        public void clear() {
            calls.clear();
        }

        @Override
        public void trim() {}
    }

    /** Answers name their requests. */
    final class ByKey<Q, A> implements InFlight<Q, A> {
        private static final int FEW = 64;

        private final Function<? super Q, ?> ofRequest;
        private final Function<? super A, ?> ofAnswer;
        private Map<Object, Call<Q, A>> calls = new LinkedHashMap<>();
        private @Nullable Call<Q, A> reserving; // in the map only to reserve its key, while its request is written
        private int most; // the most that were in at once
        private int forgotten;

        ByKey(ClientProtocol.Keys<Q, A> keys) {
            this.ofRequest = keys.ofRequest();
            this.ofAnswer = keys.ofAnswer();
        }

        @Override
        public int size() {
            return calls.size() - forgotten - (reserving == null ? 0 : 1);
        }

        @Override
        public void reserve(Call<Q, A> call, Q request) {
            Object key = Objects.requireNonNull(ofRequest.apply(request), "a request's key");
            Call<Q, A> user = calls.putIfAbsent(key, call);
            if (user != null) {
                throw new IllegalArgumentException(
                        "key " + Wording.excerpt(key) + " is in use by a call that has no answer"
                                + (user.state == Call.State.FORGOTTEN ? ", though it is long overdue" : " yet"));
            }
            reserving = call;
            call.key = key; // not determined again: it might differ the next time
            most = Math.max(most, calls.size());
        }

        @Override
        public void withdraw(Call<Q, A> call) {
            reserving = null;
            if (call.key != null && !calls.remove(call.key, call)) {
                calls.values().remove(call); // a key that has changed since
            }
        }

        @Override
        public void add(Call<Q, A> call) {
            reserving = null;
        }

        @Override
        public @Nullable Call<Q, A> take(A answer) {
            Call<Q, A> call = calls.remove(ofAnswer.apply(answer));
            if (call != null && call.state == Call.State.FORGOTTEN) {
                forgotten--;
            }
            return call;
        }

        @Override
        public void forget() {
            forgotten++;
        }

        @Override
        public int forgotten() {
            return forgotten;
        }

        @Override
        public void forEach(Consumer<? super Call<Q, A>> action) {
            for (Call<Q, A> call : calls.values()) {
                if (call != reserving) {
                    action.accept(call);
                }
            }
        }

        @Override
        public void clear() {
            calls = new LinkedHashMap<>();
            reserving = null;
            forgotten = 0;
        }

        @Override
        public void trim() {
            if (calls.isEmpty() && most > FEW) {
                most = 0;
                calls = new LinkedHashMap<>(); // a map that was large stays large
            }
        }
    }
}
