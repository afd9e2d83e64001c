package rill;

import io.netty.buffer.ByteBuf;
import io.netty.util.ReferenceCounted;
import java.io.IOException;
import java.util.Arrays;
import java.util.Objects;
import java.util.function.Function;

/** A codec whose messages pass through two functions. */
record Mapping<R, W, R2, W2>(
        Codec<R, W> inner, Function<? super R, ? extends R2> up, Function<? super W2, ? extends W> down)
        implements Codec<R2, W2> {
    @Override
    public Session<R2, W2> open(SessionContext context) {
        Session<R, W> session = OwnedBuffers.open(inner, context);
        Function<Object, Object>[] row = Chain.row(down);
        return new Translated<R, W, R2, W2>(session) {
            @Override
            R2 translate(R message) {
                return up.apply(message);
            }

            @Override
            public void encode(W2 message, Outgoing out) throws IOException {
                encodeThrough(row, 0, message, session, out);
            }
        };
    }

    /**
     * Passes a message through the functions from {@code from} on, and encodes what comes out of the last. What a function has made is
     * released after that, since what the next one makes of it may be a view of it.
     */
    @SuppressWarnings("unchecked") // the last function gives what the session takes
    private static <W> void encodeThrough(
            Function<Object, Object>[] row, int from, Object message, Session<?, W> session, Outgoing out)
            throws IOException {
        Object translated = message;
        for (int i = from; i < row.length; i++) {
            Object before = translated;
            translated = Objects.requireNonNull(row[i].apply(before), "the message that a mapping's down gives");
            if (translated != before && translated instanceof ReferenceCounted made) {
                try {
                    encodeThrough(row, i + 1, made, session, out);
                } finally {
                    made.release();
                }
                return;
            }
        }
        session.encode((W) translated, out);
    }

    /** One session for any number of mappings. */
    @Override
    public <R3, W3> Codec<R3, W3> map(
            Function<? super R2, ? extends R3> higher, Function<? super W3, ? extends W2> lower) {
        return new Mapping<R, W, R3, W3>(inner, Chain.of(up, higher), Chain.of(lower, down));
    }

    /** Functions one after the other, in a row: nested in one another each would cost two calls. */
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

        @SuppressWarnings({"unchecked", "rawtypes"}) // of() has checked that they fit
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

    @Override
    public int sizeEstimate(W2 message) {
        return DEFAULT_SIZE_ESTIMATE; // down belongs to the loop; it is not called for a mere estimate
    }

    /** A session around another one whose messages it translates on their way up. */
    abstract static class Translated<R, W, R2, W2> extends TranslatingActions<R, R2> implements Session<R2, W2> {
        private final Session<R, W> session;

        Translated(Session<R, W> session) {
            this.session = session;
        }

        /** The message as the layer above knows it. */
        abstract R2 translate(R message) throws IOException;

        private void passOn(Actions<R2> actions) throws IOException {
            R message = takeMessage();
            if (message != null) {
                actions.message(translate(message));
            }
        }

        /** Whether the inner session's messages are its own still; else they are this one's, to be released if it throws after all. */
        boolean lent() {
            return false;
        }

        private void releaseUndelivered() {
            R message = takeMessage();
            if (message != null && !lent()) {
                Messages.release(message);
            }
        }

        @Override
        public void opened(Actions<R2> actions) throws IOException {
            try {
                session.opened(to(actions));
            } catch (Throwable t) {
                releaseUndelivered();
                throw t;
            }
            passOn(actions);
        }

        @Override
        public void decode(ByteBuf in, Actions<R2> actions) throws IOException {
            try {
                session.decode(in, to(actions));
            } catch (Throwable t) {
                releaseUndelivered();
                throw t;
            }
            R message = takeMessage();
            if (message == null) {
                return;
            }
            R2 translated = translate(message);
            actions.message(translated);
            if (message == in && translated != in) {
                in.skipBytes(in.readableBytes()); // it was given as it is, so all of it is consumed
            }
        }

        @Override
        public void inputEnded(ByteBuf rest, Actions<R2> actions) throws IOException {
            try {
                session.inputEnded(rest, to(actions));
            } catch (Throwable t) {
                releaseUndelivered();
                throw t;
            }
            passOn(actions);
        }

        @Override
        public void timerExpired(Actions<R2> actions) throws IOException {
            try {
                session.timerExpired(to(actions));
            } catch (Throwable t) {
                releaseUndelivered();
                throw t;
            }
            passOn(actions);
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
}
