package rill.testkit.storm;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;
import rill.Context;
import rill.Outgoing;
import rill.ProtocolException;
import rill.Session;

/**
 * A byte layer whose records have a type and a length: {@code D} data, {@code I} a ping, {@code O} its answer, {@code H} hello, {@code B} good-bye.
 * Its variants, one letter each:
 *
 * <ul>
 * <li>{@code h}: says hello first, and holds back writes from above until the other side has said hello;
 * <li>{@code p}: sends pings, ever more seldom, and answers those of the other side itself;
 * <li>{@code w}: processes every fourth record as blocking work; also a hello;
 * <li>{@code t}: delays what it receives by some milliseconds;
 * <li>{@code b}: says good-bye, and takes that of the other side for the end;
 * <li>{@code s}: writes short records, instead of one for each buffer.
 * </ul>
 */
final class Records implements Session<ByteBuf, ByteBuf> {
    private static final int HEADER = 5;
    private static final int SHORT = 300;
    private static final int LONGEST = Letter.LONGEST + 4096;
    private static final int PING = 30; // bytes that the answer to a ping repeats
    private static final Duration DELAY = Duration.ofMillis(3);

    private final Hooks hooks;
    private final boolean hello;
    private final boolean pings;
    private final boolean works;
    private final boolean delays;
    private final boolean goodBye;
    private final boolean shortRecords;

    private final ArrayDeque<ByteBuf> delayed = new ArrayDeque<>(0);
    private @Nullable ByteBuf up; // borrowed by the layer above until the next call
    private int count;
    private boolean worked; // on the next record
    private boolean greeted;
    private boolean over;

    Records(Hooks hooks, String habits) {
        this.hooks = hooks;
        hello = habits.indexOf('h') >= 0;
        pings = habits.indexOf('p') >= 0;
        works = habits.indexOf('w') >= 0;
        delays = habits.indexOf('t') >= 0;
        goodBye = habits.indexOf('b') >= 0;
        shortRecords = habits.indexOf('s') >= 0;
    }

    @Override
    public @Nullable ByteBuf opened(Context context) throws IOException {
        hooks.at(Step.Place.LAYER);
        if (hello) {
            context.holdWrites();
            record('H', context.out());
        }
        return null;
    }

    @Override
    public @Nullable ByteBuf decode(ByteBuf in, Context context) throws IOException {
        hooks.at(Step.Place.LAYER);
        release();
        if (over || in.readableBytes() < HEADER) {
            if (over) {
                in.skipBytes(in.readableBytes());
            }
            return null;
        }
        int at = in.readerIndex();
        char type = (char) in.getByte(at);
        int length = in.getInt(at + 1);
        if (length < 0 || length > LONGEST) {
            throw new ProtocolException(0, "a record of " + length + " bytes");
        }
        if (in.readableBytes() < HEADER + length) {
            context.needMore(HEADER + length - in.readableBytes());
            return null;
        }
        boolean heavy = works && (type == 'H' || (type == 'D' && count % 4 == 3));
        if (heavy && !worked) {
            worked = true;
            context.runBlocking(() -> hooks.at(Step.Place.LAYER));
            return null;
        }
        worked = false;
        in.skipBytes(HEADER);
        return consumed(type, in.readSlice(length), context);
    }

    /** Returns what a record delivers to the layer above. */
    private @Nullable ByteBuf consumed(char type, ByteBuf content, Context context) throws ProtocolException {
        switch (type) {
            case 'D' -> {
                return data(content, context);
            }
            case 'H' -> {
                greeted = true;
                context.releaseWrites();
            }
            case 'I' ->
                context.out()
                        .buffer(HEADER + content.readableBytes())
                        .writeByte('O')
                        .writeInt(content.readableBytes())
                        .writeBytes(content);
            case 'O' -> {}
            case 'B' -> {
                over = true;
                if (delayed.isEmpty()) {
                    context.end();
                }
            }
            default -> throw new ProtocolException(0, "a record of type " + (int) type);
        }
        return null;
    }

    private @Nullable ByteBuf data(ByteBuf content, Context context) {
        count++;
        // Ever fewer, since two ends that both wait for their pings to leave would block each other.
        if (pings && count % 3 == 0 && Integer.bitCount(count / 3) == 1) {
            context.out().buffer(HEADER + PING).writeByte('I').writeInt(PING).writeZero(PING);
        }
        if (!content.isReadable()) {
            return null;
        }
        if (!delays) {
            return content;
        }
        ByteBuf kept = hooks.run.ledger().count(Unpooled.buffer(content.readableBytes()), "a layer's", hooks.step());
        kept.writeBytes(content);
        if (delayed.isEmpty()) {
            context.startTimer(DELAY);
        }
        delayed.add(kept);
        return null;
    }

    @Override
    public @Nullable ByteBuf timerExpired(Context context) throws IOException {
        hooks.at(Step.Place.LAYER);
        release();
        up = delayed.poll();
        if (!delayed.isEmpty()) {
            context.startTimer(Duration.ofNanos(1));
        } else if (over) {
            context.end();
        }
        return up;
    }

    @Override
    public @Nullable ByteBuf inputEnded(ByteBuf rest, Context context) throws IOException {
        hooks.at(Step.Place.LAYER);
        if (rest.isReadable() && !over) {
            throw new ProtocolException(0, "the stream ended within a record");
        }
        over = true;
        if (delayed.isEmpty()) {
            context.end();
        }
        return null;
    }

    @Override
    public void encode(ByteBuf message, Outgoing out) throws IOException {
        hooks.at(Step.Place.LAYER);
        if (hello && !greeted && !hooks.troubled()) {
            hooks.run.ledger().violated(1, "a layer that holds back writes was given some: " + hooks.actor);
        }
        while (message.isReadable()) {
            int n = shortRecords ? Math.min(message.readableBytes(), SHORT) : message.readableBytes();
            ByteBuf buffer = out.buffer(HEADER + (n < 2048 ? n : 0));
            buffer.writeByte('D').writeInt(n);
            if (n < 2048) {
                buffer.writeBytes(message, n);
            } else {
                out.pass(message.readRetainedSlice(n));
            }
        }
    }

    @Override
    public void outputEnding(Outgoing out) throws IOException {
        if (goodBye) {
            record('B', out);
        }
        hooks.at(Step.Place.GOODBYE);
    }

    private static void record(char type, Outgoing out) {
        out.buffer(HEADER).writeByte(type).writeInt(0);
    }

    private void release() {
        if (up != null) {
            up.release();
            up = null;
        }
    }

    @Override
    public void closed() {
        release();
        for (ByteBuf each = delayed.poll(); each != null; each = delayed.poll()) {
            each.release();
        }
        hooks.at(Step.Place.GOODBYE);
    }
}
