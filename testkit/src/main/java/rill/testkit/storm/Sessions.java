package rill.testkit.storm;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.time.Duration;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import rill.Codec;
import rill.Context;
import rill.Outgoing;
import rill.Session;

/**
 * Codecs of letters with sessions of their own. {@code session} says how many bytes it needs; {@code session-holds} holds back writes until some
 * milliseconds after it was opened; {@code session-works} processes every third message as blocking work; {@code session-waits} delivers each message
 * when a timer expires.
 */
record Sessions(String framing, String habit, Hooks functions, Supplier<Hooks> hooks) implements Codec<Object, Object> {
    private static final Duration DELAY = Duration.ofMillis(4);

    @Override
    public Session<Object, Object> open(Context context) {
        Hooks mine = hooks.get();
        return switch (habit) {
            case "session-holds" -> new Holds(framing, mine);
            case "session-works" -> new Works(framing, mine);
            case "session-waits" -> new Waits(framing, mine);
            default -> new Whole(framing, mine);
        };
    }

    @Override
    public int sizeEstimate(Object message) {
        var letter = (Letter) message;
        functions.at(Step.Place.ESTIMATE, letter, false);
        return letter.estimate;
    }

    private static class Whole implements Session<Object, Object> {
        private final String framing;
        final Hooks hooks;

        Whole(String framing, Hooks hooks) {
            this.framing = framing;
            this.hooks = hooks;
        }

        @Override
        public @Nullable Object decode(ByteBuf in, Context context) throws IOException {
            Letter letter = next(in);
            if (letter != null) {
                return letter;
            } else if (framing.equals("length") && in.readableBytes() >= 4) {
                long missing = in.getUnsignedInt(in.readerIndex()) + 4 - in.readableBytes();
                context.needMore((int) missing);
            }
            return null;
        }

        final @Nullable Letter next(ByteBuf in) throws IOException {
            ByteBuf frame = Frames.next(framing, in);
            return frame == null ? null : Pipes.decoded(frame, hooks);
        }

        @Override
        public void encode(Object message, Outgoing out) throws IOException {
            var letter = (Letter) message;
            ByteBuf buffer = out.buffer(Math.max(0, letter.estimate));
            int start = buffer.writerIndex();
            Frames.begin(framing, buffer);
            letter.encode(buffer);
            Frames.end(framing, buffer, start);
            hooks.at(Step.Place.ENCODE, letter, false);
        }

        @Override
        public void outputEnding(Outgoing out) throws IOException {
            hooks.at(Step.Place.GOODBYE);
        }

        @Override
        public void closed() {
            hooks.at(Step.Place.GOODBYE);
        }
    }

    private static final class Holds extends Whole {
        Holds(String framing, Hooks hooks) {
            super(framing, hooks);
        }

        @Override
        public @Nullable Object opened(Context context) throws IOException {
            context.holdWrites();
            context.startTimer(DELAY);
            return null;
        }

        @Override
        public @Nullable Object timerExpired(Context context) throws IOException {
            context.releaseWrites();
            return null;
        }
    }

    private static final class Works extends Whole {
        private int count;
        private boolean worked;

        Works(String framing, Hooks hooks) {
            super(framing, hooks);
        }

        @Override
        public @Nullable Object decode(ByteBuf in, Context context) throws IOException {
            if (in.isReadable() && count % 3 == 2 && !worked) {
                worked = true;
                context.runBlocking(() -> hooks.at(Step.Place.DECODE));
                return null;
            }
            Letter letter = next(in);
            if (letter != null) {
                count++;
                worked = false;
                return letter;
            }
            return null;
        }
    }

    private static final class Waits extends Whole {
        private @Nullable Letter kept;

        Waits(String framing, Hooks hooks) {
            super(framing, hooks);
        }

        @Override
        public @Nullable Object decode(ByteBuf in, Context context) throws IOException {
            Letter before = kept;
            Letter letter = next(in);
            if (letter == null) {
                return null;
            }
            kept = letter;
            context.startTimer(DELAY);
            return before;
        }

        @Override
        public @Nullable Object timerExpired(Context context) throws IOException {
            return kept();
        }

        @Override
        public @Nullable Object inputEnded(ByteBuf rest, Context context) throws IOException {
            super.inputEnded(rest, context);
            return kept();
        }

        private @Nullable Letter kept() {
            Letter letter = kept;
            kept = null;
            return letter;
        }

        @Override
        public void closed() {
            if (kept != null) {
                kept.release();
                kept = null;
            }
            super.closed();
        }
    }
}
