package rill.testkit.storm;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.time.Duration;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import rill.Actions;
import rill.Codec;
import rill.Outgoing;
import rill.Session;
import rill.SessionContext;

/**
 * Codecs of letters with a session of their own: {@code session} says what it needs; {@code session-holds} holds back writes until some
 * milliseconds after it was opened; {@code session-works} works on every third message elsewhere; {@code session-waits} gives each message
 * when a timer expires.
 */
record Sessions(String framing, String habit, Hooks functions, Supplier<Hooks> hooks) implements Codec<Object, Object> {
    private static final Duration DELAY = Duration.ofMillis(4);

    @Override
    public Session<Object, Object> open(SessionContext context) {
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
        public void decode(ByteBuf in, Actions<Object> actions) throws IOException {
            Letter letter = next(in);
            if (letter != null) {
                actions.message(letter);
            } else if (framing.equals("length") && in.readableBytes() >= 4) {
                long missing = in.getUnsignedInt(in.readerIndex()) + 4 - in.readableBytes();
                actions.needMore((int) missing);
            }
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
        public void opened(Actions<Object> actions) throws IOException {
            actions.holdWrites();
            actions.startTimer(DELAY);
        }

        @Override
        public void timerExpired(Actions<Object> actions) throws IOException {
            actions.releaseWrites();
        }
    }

    private static final class Works extends Whole {
        private int count;
        private boolean worked;

        Works(String framing, Hooks hooks) {
            super(framing, hooks);
        }

        @Override
        public void decode(ByteBuf in, Actions<Object> actions) throws IOException {
            if (in.isReadable() && count % 3 == 2 && !worked) {
                worked = true;
                actions.runBlocking(() -> hooks.at(Step.Place.DECODE));
                return;
            }
            Letter letter = next(in);
            if (letter != null) {
                count++;
                worked = false;
                actions.message(letter);
            }
        }
    }

    private static final class Waits extends Whole {
        private @Nullable Letter kept;

        Waits(String framing, Hooks hooks) {
            super(framing, hooks);
        }

        @Override
        public void decode(ByteBuf in, Actions<Object> actions) throws IOException {
            Letter before = kept;
            Letter letter = next(in);
            if (letter == null) {
                return;
            }
            kept = letter;
            actions.startTimer(DELAY);
            if (before != null) {
                actions.message(before);
            }
        }

        @Override
        public void timerExpired(Actions<Object> actions) throws IOException {
            give(actions);
        }

        @Override
        public void inputEnded(ByteBuf rest, Actions<Object> actions) throws IOException {
            give(actions);
            super.inputEnded(rest, actions);
        }

        private void give(Actions<Object> actions) {
            Letter letter = kept;
            kept = null;
            if (letter != null) {
                actions.message(letter);
            }
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
