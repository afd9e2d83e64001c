package rill.examples.codec;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import rill.Codec;
import rill.Context;
import rill.Outgoing;
import rill.Session;
import rill.codec.Lines;
import rill.codec.Text;

/**
 * Lines of text, of which {@code PING} and {@code PONG} belong to the codec: it answers the former, and sends one while nothing arrives. A peer that
 * stays silent nevertheless has failed. While this end does not read, it asks nothing and blames nobody. It does not answer either: for its peer, an
 * end that pauses for too long is silent.
 *
 * @param patience how long the peer may be silent before it is asked, and again before it is given up
 */
record Heartbeat(Duration patience) implements Codec<String, String> {
    private static final Codec<String, String> LINES = Lines.of().with(Text.utf8());

    @Override
    public Session<String, String> open(Context context) {
        return new Beating(LINES.open(context), patience);
    }

    /**
     * The session of one connection.
     *
     * <pre>
     *            patience is over: PING            patience is over
     *  HEARING ───────────────────────▶ ASKING ─────────────────────▶ failed
     *     ▲                                │ a line
     *     └────────────────────────────────┘
     * </pre>
     */
    private static final class Beating implements Session<String, String> {
        private final Session<String, String> lines;
        private final Duration patience;
        private boolean asking;

        Beating(Session<String, String> lines, Duration patience) {
            this.lines = lines;
            this.patience = patience;
        }

        @Override
        public @Nullable String opened(Context context) {
            context.startTimer(patience);
            return null;
        }

        @Override
        public @Nullable String decode(ByteBuf in, Context context) throws IOException {
            String line = lines.decode(in, context);
            if (line == null) {
                return null; // called again when more has arrived
            }
            asking = false;
            context.startTimer(patience);
            return switch (line) {
                case "PING" -> {
                    lines.encode("PONG", context.out());
                    yield null; // called again at once, since it has consumed something
                }
                case "PONG" -> null;
                default -> line;
            };
        }

        @Override
        public @Nullable String timerExpired(Context context) throws IOException {
            if (!context.isReading()) { // what the peer has said may wait here, so it is not to blame
                context.startTimer(patience);
                return null;
            }
            if (asking) {
                throw new IOException("nothing was heard of " + context.remoteAddress() + " for "
                        + patience.multipliedBy(2).toMillis() + " ms");
            }
            asking = true;
            lines.encode("PING", context.out());
            context.startTimer(patience);
            return null;
        }

        @Override
        public void encode(String line, Outgoing out) throws IOException {
            if (line.equals("PING") || line.equals("PONG")) {
                throw new IllegalArgumentException(line + " is the codec's own, and can't be sent as a line");
            }
            lines.encode(line, out);
        }

        @Override
        public void closed() {
            lines.closed();
        }
    }
}
