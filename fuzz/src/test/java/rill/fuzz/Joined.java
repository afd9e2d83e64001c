package rill.fuzz;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;
import rill.Codec;
import rill.Context;
import rill.Outgoing;
import rill.ProtocolException;
import rill.Session;
import rill.http.wire.Data;
import rill.http.wire.End;
import rill.http.wire.Head;
import rill.http.wire.HttpLimits;
import rill.http.wire.HttpWire;
import rill.http.wire.RequestEvent;
import rill.http.wire.ResponseEvent;

/**
 * An HTTP codec whose messages are joined: each is the text of its head, body and trailers, since it does not matter where a body is cut. The part of
 * one that came before a violation or the end counts as well. Where HTTP stops decoding, it continues, as if it had been resumed at once.
 */
final class Joined {
    private static final int BESIDE = 20; // of the text of fields: a space for each, and brackets

    private Joined() {}

    /**
     * A message.
     *
     * @param whole false for what came of it before the end
     */
    record Message(String head, String body, String trailers, boolean whole) {}

    /** The limits of messages; a body has only that of the input. */
    static List<Limit> limits(HttpLimits limits) {
        int head = limits.startLine() + limits.head() + BESIDE;
        int trailers = limits.trailers() + BESIDE;
        return List.of(
                new Limit(
                        "characters of a head",
                        message -> ((Message) message).head().length(),
                        head),
                new Limit(
                        "characters of trailers",
                        message -> ((Message) message).trailers().length(),
                        trailers),
                new Limit(
                        "bytes of a body", message -> ((Message) message).body().length(), Limit.RECEIVED));
    }

    static Codec<Message, ResponseEvent> server(HttpLimits limits) {
        Codec<RequestEvent, ResponseEvent> codec = HttpWire.serverCodec(limits);
        return context -> new JoinedSession<>(codec.open(context), List.of());
    }

    /** A client that has sent these requests. */
    static Codec<Message, RequestEvent> client(HttpLimits limits, RequestEvent... sent) {
        Codec<ResponseEvent, RequestEvent> codec = HttpWire.clientCodec(limits);
        return context -> new JoinedSession<>(codec.open(context), List.of(sent));
    }

    private static final class JoinedSession<R, W> implements Session<Message, W> {
        private final Session<R, W> session;
        private final List<? extends W> sent;
        private String head = "";
        private final StringBuilder body = new StringBuilder();

        JoinedSession(Session<R, W> session, List<? extends W> sent) {
            this.session = session;
            this.sent = sent;
        }

        @Override
        public @Nullable Message opened(Context context) throws IOException {
            for (W each : sent) {
                session.encode(each, context.out());
            }
            return null;
        }

        @Override
        public @Nullable Message decode(ByteBuf in, Context context) throws IOException {
            try {
                return take(session.decode(in, new Unstopped(context)));
            } catch (ProtocolException e) {
                throw afterRest(e);
            }
        }

        @Override
        public @Nullable Message inputEnded(ByteBuf rest, Context context) throws IOException {
            try {
                Message last = take(session.inputEnded(rest, new Unstopped(context)));
                return last == null && !head.isEmpty() ? joined("", false) : last;
            } catch (ProtocolException e) {
                throw afterRest(e);
            }
        }

        /** A violation after which no message is delivered: it names what has come of the last one. */
        private ProtocolException afterRest(ProtocolException violation) {
            return head.isEmpty()
                    ? violation
                    : new ProtocolException(
                            (int) violation.offset(), violation.violation() + "; after " + joined("", false));
        }

        private @Nullable Message take(@Nullable R event) {
            return switch (event) {
                case null -> null;
                case Head next -> {
                    head = next.toString();
                    yield next.hasBody() ? null : joined("", true);
                }
                case Data data -> {
                    body.append(data.bytes().toString(StandardCharsets.ISO_8859_1));
                    data.release();
                    yield data.isLast() ? joined("", true) : null;
                }
                case End end -> joined(end.trailers().toString(), true);
                default -> throw new AssertionError("an event of another kind: " + event);
            };
        }

        private Message joined(String trailers, boolean whole) {
            var joined = new Message(head, body.toString(), trailers, whole);
            head = "";
            body.setLength(0);
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
    private static final class Unstopped extends Within {
        Unstopped(Context context) {
            super(context);
        }

        @Override
        public void stop() {}
    }
}
