package rill;

import io.netty.buffer.ByteBuf;
import io.netty.util.ReferenceCounted;
import java.io.IOException;
import java.util.Arrays;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A codec whose messages pass through two functions. */
record Mapping<R, W, R2, W2>(
        Codec<R, W> inner, Function<? super R, ? extends R2> up, Function<? super W2, ? extends W> down)
        implements Codec<R2, W2> {
    @Override
    public Session<R2, W2> open(Context context) {
        return new MappedSession<>(Owning.open(inner, context), up, Chain.row(down));
    }

    /** One session serves any number of mappings. */
    @Override
    public <R3, W3> Codec<R3, W3> map(
            Function<? super R2, ? extends R3> higher, Function<? super W3, ? extends W2> lower) {
        return new Mapping<R, W, R3, W3>(inner, Chain.of(up, higher), Chain.of(lower, down));
    }

    @Override
    public int sizeEstimate(W2 message) {
        return DEFAULT_SIZE_ESTIMATE; // down runs on the loop only; it is not called for a mere estimate
    }

    private static final class MappedSession<R, W, R2, W2> implements Session<R2, W2> {
        private final Session<R, W> session;
        private final Function<? super R, ? extends R2> up;
        private final Function<Object, Object>[] down;

        MappedSession(Session<R, W> session, Function<? super R, ? extends R2> up, Function<Object, Object>[] down) {
            this.session = session;
            this.up = up;
            this.down = down;
        }

        private @Nullable R2 mapped(@Nullable R message) {
            return message == null
                    ? null
                    : Objects.requireNonNull(up.apply(message), "the message that a mapping's up gives");
        }

        @Override
        public @Nullable R2 opened(Context context) throws IOException {
            return mapped(session.opened(context));
        }

        @Override
        public @Nullable R2 decode(ByteBuf in, Context context) throws IOException {
            return mapped(session.decode(in, context));
        }

        @Override
        public @Nullable R2 inputEnded(ByteBuf rest, Context context) throws IOException {
            return mapped(session.inputEnded(rest, context));
        }

        @Override
        public @Nullable R2 timerExpired(Context context) throws IOException {
            return mapped(session.timerExpired(context));
        }

        @Override
        public void encode(W2 message, Outgoing out) throws IOException {
            encodeThrough(0, message, out);
        }

        /**
         * Passes a message through the functions from {@code from} on, and encodes the result of the last. An object made by a function is released
         * after that, since the result of the next function may be a view of it.
         */
        @SuppressWarnings("unchecked") // the last function returns what the session takes
        private void encodeThrough(int from, Object message, Outgoing out) throws IOException {
            Object translated = message;
            for (int i = from; i < down.length; i++) {
                Object before = translated;
                translated = Objects.requireNonNull(down[i].apply(before), "the message that a mapping's down gives");
                if (translated != before && translated instanceof ReferenceCounted made) {
                    try {
                        encodeThrough(i + 1, made, out);
                    } finally {
                        made.release();
                    }
                    return;
                }
            }
            session.encode((W) translated, out);
        }

        @Override
        public @Nullable Object info() {
            return session.info();
        }

        @Override
        public boolean replaceable() {
            return session.replaceable();
        }

        @Override
        public void outputEnding(Outgoing out) throws IOException {
            session.outputEnding(out);
        }

        @Override
        public void closed() {
            session.closed();
        }
    }

    /** Functions applied one after the other, in a row: nested in one another, each would cost two calls. */
    private static final class Chain<A, B> implements Function<A, B> {
        private final Function<Object, Object>[] row;

        private Chain(Function<Object, Object>[] row) {
            this.row = row;
        }

        static <A, B, C> Function<A, C> of(
                Function<? super A, ? extends B> first, Function<? super B, ? extends C> second) {
            Function<Object, Object>[] before = row(first);
            Function<Object, Object>[] after = row(second);
            Function<Object, Object>[] both = Arrays.copyOf(before, before.length + after.length);
            System.arraycopy(after, 0, both, before.length, after.length);
            return new Chain<>(both);
        }

        @SuppressWarnings({"unchecked", "rawtypes"}) // of() has checked that the types fit
        private static Function<Object, Object>[] row(Function<?, ?> one) {
            return one instanceof Chain<?, ?> chain ? chain.row : new Function[] {one};
        }

        @Override
        @SuppressWarnings("unchecked") // likewise
        public B apply(A message) {
            Object translated = message;
            for (Function<Object, Object> each : row) {
                translated = each.apply(translated);
            }
            return (B) translated;
        }
    }
}
