package rill.http.wire;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;
import rill.Codec;
import rill.Context;
import rill.Outgoing;
import rill.Session;

/** An HTTP codec whose messages are joined: each is the text of its head, its body and its trailers, however the body arrived. */
final class Joined {
    private Joined() {}

    /** A server's codec that ignores {@code stop}. */
    static Codec<String, ResponseEvent> server(HttpLimits limits) {
        Codec<RequestEvent, ResponseEvent> codec = HttpWire.serverCodec(limits);
        return context -> new JoinedSession<>(codec.open(context), List.of());
    }

    /** A client's codec, after these requests were sent. */
    static Codec<String, RequestEvent> client(HttpLimits limits, RequestEvent... sent) {
        Codec<ResponseEvent, RequestEvent> codec = HttpWire.clientCodec(limits);
        return context -> new JoinedSession<>(codec.open(context), List.of(sent));
    }

    private static final class JoinedSession<R, W> implements Session<String, W> {
        private final Session<R, W> session;
        private final List<? extends W> sent;
        private @Nullable StringBuilder message;

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
            return take(session.inputEnded(rest, context));
        }

        private @Nullable String take(@Nullable R event) {
            if (event == null) {
                return null;
            }
            if (event instanceof Head head) {
                message = new StringBuilder(head.toString()).append('|');
                boolean whole = !head.hasBody();
                return whole ? joined() : null;
            }
            if (event instanceof Data data) {
                message.append(data.bytes().toString(StandardCharsets.ISO_8859_1));
                data.release();
            } else if (event instanceof End end && !end.trailers().isEmpty()) {
                message.append('|').append(end.trailers());
            }
            return MessageReader.ends((BodyEvent) event) ? joined() : null;
        }

        private String joined() {
            String joined = message.toString();
            message = null;
            return joined;
        }

        @Override
        public void encode(W event, Outgoing out) throws IOException {
            session.encode(event, out);
        }
    }
}
