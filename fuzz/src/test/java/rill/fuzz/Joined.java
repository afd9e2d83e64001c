package rill.fuzz;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import rill.Codec;
import rill.Context;
import rill.Outgoing;
import rill.Session;
import rill.http.wire.Data;
import rill.http.wire.End;
import rill.http.wire.Head;
import rill.http.wire.HttpLimits;
import rill.http.wire.HttpWire;
import rill.http.wire.RequestEvent;
import rill.http.wire.ResponseEvent;

/**
 * An HTTP codec whose messages are joined: each is the text of its head, body and trailers, since it does not matter where a body is cut. Where HTTP
 * stops decoding, it continues, as if it had been resumed at once.
 */
final class Joined {
    private Joined() {}

    static Codec<String, ResponseEvent> server(HttpLimits limits) {
        Codec<RequestEvent, ResponseEvent> codec = HttpWire.serverCodec(limits);
        return context -> new JoinedSession<>(codec.open(context), List.of());
    }

    /** A client that has sent these requests. */
    static Codec<String, RequestEvent> client(HttpLimits limits, RequestEvent... sent) {
        Codec<ResponseEvent, RequestEvent> codec = HttpWire.clientCodec(limits);
        return context -> new JoinedSession<>(codec.open(context), List.of(sent));
    }

    private static final class JoinedSession<R, W> implements Session<String, W> {
        private final Session<R, W> session;
        private final List<? extends W> sent;
        private final StringBuilder message = new StringBuilder();

        JoinedSession(Session<R, W> session, List<? extends W> sent) {
            this.session = session;
            this.sent = sent;
        }

        @Override
        public @Nullable String opened(Context context) throws IOException {
            for (W each : sent) {
                session.encode(each, context.out());
            }
            return null;
        }

        @Override
        public @Nullable String decode(ByteBuf in, Context context) throws IOException {
            return take(session.decode(in, new Unstopped(context)));
        }

        @Override
        public @Nullable String inputEnded(ByteBuf rest, Context context) throws IOException {
            return take(session.inputEnded(rest, new Unstopped(context)));
        }

        private @Nullable String take(@Nullable R event) {
            boolean whole = false;
            switch (event) {
                case null -> {}
                case Head head -> {
                    message.append(head).append('|');
                    whole = !head.hasBody();
                }
                case Data data -> {
                    message.append(data.bytes().toString(StandardCharsets.ISO_8859_1));
                    data.release();
                    whole = data.isLast();
                }
                case End end -> {
                    message.append('|').append(end.trailers());
                    whole = true;
                }
                default -> throw new AssertionError("an event of another kind: " + event);
            }
            if (!whole) {
                return null;
            }
            String joined = message.toString();
            message.setLength(0);
            return joined;
        }

        @Override
        public void encode(W event, Outgoing out) throws IOException {
            session.encode(event, out);
        }

        @Override
        public void closed() {
            session.closed();
        }
    }

    /** A context that ignores {@link #stop}. */
    private record Unstopped(Context context) implements Context {
        @Override
        public void stop() {}

        @Override
        public RandomGenerator random() {
            return context.random();
        }

        @Override
        public SocketAddress remoteAddress() {
            return context.remoteAddress();
        }

        @Override
        public @Nullable SocketAddress target() {
            return context.target();
        }

        @Override
        public <T> T shared(Class<T> type, Supplier<? extends T> maker) {
            return context.shared(type, maker);
        }

        @Override
        public ByteBuf own(ByteBuf borrowed) {
            return context.own(borrowed);
        }

        @Override
        public ByteBuf own(int atLeast) {
            return context.own(atLeast);
        }

        @Override
        public ByteBuf lend(int atLeast) {
            return context.lend(atLeast);
        }

        @Override
        public Outgoing out() {
            return context.out();
        }

        @Override
        public void needMore(int bytes) {
            context.needMore(bytes);
        }

        @Override
        public void again() {
            context.again();
        }

        @Override
        public void startTimer(Duration after) {
            context.startTimer(after);
        }

        @Override
        public void stopTimer() {
            context.stopTimer();
        }

        @Override
        public void runBlocking(Runnable work) {
            context.runBlocking(work);
        }

        @Override
        public void holdWrites() {
            context.holdWrites();
        }

        @Override
        public void releaseWrites() {
            context.releaseWrites();
        }

        @Override
        public void end() {
            context.end();
        }
    }
}
