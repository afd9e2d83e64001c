package rill;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.net.SocketAddress;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import rill.spi.Clock;

/**
 * A byte layer that changes nothing and logs the bytes that pass: where they come from, their offset in the stream, and the bytes themselves, as text
 * where they are text and in hex and ASCII otherwise.
 *
 * <pre>{@code
 * loop.connect(address, Resp.client().over(WireLog.toLogger()));                    // one connection
 * loop.connect(address, Resp.client().over(WireLog.toLogger()).over(Tls.client())); // likewise, before it is encrypted
 * java -Drill.wirelog=all ...                                                       // all connections, as the bytes are on the wire
 * java -Drill.wirelog=:8080,10.0.0.7,[::1]:443 ...                                  // those with this port at one end, of this peer, …
 * }</pre>
 *
 * <p>The log may contain passwords and personal text: where it goes is your responsibility.
 *
 * <p><b>Threading:</b> immutable; one object may be a layer of any number of pipelines. The consumer is called on the loop of the connection.
 *
 * <p><b>Errors:</b> an exception thrown by the consumer is reported to the loop's {@link Reporter}, and has no other effect. A value of the property
 * that is not valid fails each connection, with a message that lists the valid ones.
 */
public final class WireLog implements ByteLayer {
    private static final int USUAL_LIMIT = 1_024;

    private final @Nullable Consumer<? super String> told; // null: the logger
    private final int limit;

    private WireLog(@Nullable Consumer<? super String> told, int limit) {
        this.told = told;
        this.limit = limit;
    }

    /**
     * Logs to the {@link System.Logger} named {@code rill.wire}, at level {@code INFO}. A separate thread writes the lines: no loop waits for a log,
     * and lines that the log is too slow for are dropped and counted.
     */
    public static WireLog toLogger() {
        return new WireLog(null, USUAL_LIMIT);
    }

    /**
     * Passes the text to this consumer.
     *
     * @param consumer receives a text of one or several lines, without a line break at the end, for each piece of bytes that is read or written, and
     *     for each end of a stream
     */
    public static WireLog to(Consumer<? super String> consumer) {
        return new WireLog(Objects.requireNonNull(consumer, "consumer"), USUAL_LIMIT);
    }

    /** Shows at most this many bytes of each piece; the default is 1,024. */
    public WireLog limit(int bytes) {
        if (bytes < 0) {
            throw new IllegalArgumentException("a limit of " + bytes + " bytes");
        }
        return new WireLog(told, bytes);
    }

    /** The layer that {@code -Drill.wirelog} puts at the very bottom of every connection whose addresses it matches; null for other connections. */
    static @Nullable WireLog wanted(SocketAddress local, SocketAddress remote) {
        WireLogEnds ends = Wanted.ends();
        return ends == null || !ends.match(local, remote) ? null : Wanted.LOG;
    }

    /** The value of the property, or why it is not valid: in that case each connection fails with the reason, so that it is noticed. */
    private static final class Wanted {
        static final WireLog LOG = toLogger();
        private static final @Nullable WireLogEnds ENDS;
        private static final @Nullable String WRONG;

        static {
            WireLogEnds ends = null;
            String wrong = null;
            try {
                ends = WireLogEnds.parse(System.getProperty("rill.wirelog"));
            } catch (IllegalArgumentException e) {
                wrong = e.getMessage();
            }
            ENDS = ends;
            WRONG = wrong;
        }

        static @Nullable WireLogEnds ends() {
            if (WRONG != null) {
                throw new IllegalArgumentException(WRONG);
            }
            return ENDS;
        }
    }

    @Override
    public Session<ByteBuf, ByteBuf> open(Context context) {
        return new OneConnection(String.valueOf(context.remoteAddress()));
    }

    @Override
    public String toString() {
        return "WireLog[" + (told == null ? "to the logger" : "to a consumer") + ", at most " + limit
                + " bytes of each piece]";
    }

    /** Made when the first line is to be logged. */
    private static final class Log {
        static final Scribe SCRIBE = new Scribe(
                (level, text, thrown) -> System.getLogger("rill.wire").log(level, text),
                Clock.system(),
                Threads.shared().name("rill-wire-log").factory());
    }

    private void tell(String text) {
        if (told == null) {
            Log.SCRIBE.tellInFull(System.Logger.Level.INFO, text);
            return;
        }
        try {
            told.accept(text);
        } catch (Throwable t) {
            Objects.requireNonNull(Loop.current()).threw("the consumer of ", this, t);
        }
    }

    private final class OneConnection implements Session<ByteBuf, ByteBuf> {
        private final String peer;
        private long read;
        private long written;

        OneConnection(String peer) {
            this.peer = peer;
        }

        @Override
        public @Nullable ByteBuf decode(ByteBuf in, Context context) {
            if (!in.isReadable()) {
                return null;
            }
            tell("from " + Dump.of(peer, read, in, limit));
            read += in.readableBytes();
            return in;
        }

        @Override
        public void encode(ByteBuf message, Outgoing out) {
            tell("to " + Dump.of(peer, written, message, limit));
            written += message.readableBytes();
            out.pass(message.retainedSlice());
        }

        @Override
        public @Nullable ByteBuf inputEnded(ByteBuf rest, Context context) throws IOException {
            tell("from " + peer + ": end of the stream, after " + read + " bytes");
            context.end();
            return null;
        }

        @Override
        public void outputEnding(Outgoing out) {
            tell("to " + peer + ": end of the stream, after " + written + " bytes");
        }
    }
}
