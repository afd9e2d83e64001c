package rill.testkit.storm;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import rill.ByteLayer;
import rill.Codec;
import rill.Context;
import rill.Framing;
import rill.Pipeline;
import rill.ProtocolException;

/**
 * The pipelines of storms, by name. The wire part lists byte layers from the bottom and a framing, separated by spaces. The top lists the form of
 * messages, and mappings. The two ends may have different tops.
 */
final class Pipes {
    private Pipes() {}

    /** A pipeline, and the conversion between letters and its messages. */
    static final class Pipe {
        final Pipeline<Object, Object> pipeline;
        private final String framing;
        private final boolean buffers; // messages are buffers
        private final boolean raw; // messages are raw bytes as they arrive
        private boolean readsAhead;
        private List<String> words = List.of();
        private List<ByteLayer> layers = List.of();

        private Pipe(Pipeline<?, ?> pipeline, String framing, boolean buffers, boolean raw) {
            this.pipeline = cast(pipeline);
            this.framing = framing;
            this.buffers = buffers;
            this.raw = raw;
        }

        @SuppressWarnings("unchecked")
        private static Pipeline<Object, Object> cast(Pipeline<?, ?> pipeline) {
            return (Pipeline<Object, Object>) pipeline;
        }

        boolean raw() {
            return raw;
        }

        /** Whether this pipeline has all layers of the earlier one at its bottom. */
        boolean keepsLayersOf(Pipe before) {
            return words.size() >= before.words.size()
                    && words.subList(0, before.words.size()).equals(before.words);
        }

        /** Whether its codec has decoded more than it has delivered. */
        boolean readsAhead() {
            return readsAhead;
        }

        /** Returns the message for a letter. */
        Object wrap(Letter letter, Ledger ledger, int step) {
            if (!buffers) {
                return ledger.count(letter, "the message " + letter, step);
            }
            ByteBuf out = letter.size() % 2 == 0
                    ? Unpooled.buffer(letter.size() + 8)
                    : Unpooled.directBuffer(letter.size() + 8);
            if (raw) {
                Frames.begin(framing, out);
            }
            letter.encode(out);
            if (raw) {
                Frames.end(framing, out, 0);
            }
            return ledger.count(out, "the buffer of " + letter, step);
        }

        /** Returns a reader for the messages of one connection. */
        Reader reader(Hooks hooks) {
            return raw
                    ? new RawReader(framing, hooks)
                    : message -> {
                        if (!buffers) {
                            return List.of((Letter) message);
                        }
                        ByteBuf in = (ByteBuf) message;
                        try {
                            Letter letter = whole(in, hooks);
                            return letter == null ? List.of() : List.of(letter);
                        } finally {
                            in.release();
                        }
                    };
        }
    }

    /** Turns messages, which it owns, into letters, which are owned by the caller. */
    interface Reader {
        List<Letter> read(Object message);

        default void close() {}
    }

    /** Reassembles raw bytes. */
    private static final class RawReader implements Reader {
        private final String framing;
        private final Hooks hooks;
        private final ByteBuf unread = Unpooled.buffer();

        RawReader(String framing, Hooks hooks) {
            this.framing = framing;
            this.hooks = hooks;
        }

        @Override
        public List<Letter> read(Object message) {
            ByteBuf in = (ByteBuf) message;
            unread.discardReadBytes().writeBytes(in);
            in.release();
            var letters = new ArrayList<Letter>(1);
            while (true) {
                ByteBuf frame = Frames.next(framing, unread);
                if (frame == null) {
                    return letters;
                }
                Letter letter = whole(frame, hooks);
                if (letter == null) {
                    return letters;
                }
                letters.add(letter);
            }
        }
    }

    private static @Nullable Letter whole(ByteBuf in, Hooks hooks) {
        Letter letter = Letter.decode(in);
        if (letter == null || in.isReadable()) {
            hooks.corrupt(in.readableBytes() + " bytes after " + letter);
            return null;
        }
        return hooks.run.ledger().count(letter, "the received " + letter, hooks.step());
    }

    /** Builds the pipeline with these names. Layers at the bottom with the same names as in {@code before} are the same objects. */
    static Pipe of(String wire, String top, Hooks functions, Supplier<Hooks> sessions, @Nullable Pipe before) {
        String[] parts = wire.trim().split(" +", 0);
        String framing = parts[parts.length - 1];
        var layers = new ArrayList<ByteLayer>();
        boolean kept = before != null;
        for (int i = 0; i < parts.length - 1; i++) {
            kept &= before != null
                    && i < before.words.size()
                    && before.words.get(i).equals(parts[i]);
            layers.add(kept && before != null ? before.layers.get(i) : layer(parts[i], functions, sessions));
        }
        Pipe pipe = top(framing, top, functions, sessions);
        Pipeline<?, ?> pipeline = pipe.pipeline;
        for (int i = layers.size() - 1; i >= 0; i--) {
            pipeline = pipeline.over(layers.get(i));
        }
        var whole = new Pipe(pipeline, framing, pipe.buffers, pipe.raw);
        whole.words = List.of(parts).subList(0, parts.length - 1);
        whole.layers = layers;
        whole.readsAhead = top.startsWith("session-waits");
        return whole;
    }

    private static ByteLayer layer(String name, Hooks functions, Supplier<Hooks> sessions) {
        ByteLayer foreign = functions.run.world().layers().get(name);
        return foreign == null ? Layers.of(name, sessions) : foreign;
    }

    private static Pipe top(String framing, String top, Hooks functions, Supplier<Hooks> sessions) {
        String[] words = top.split(" +", 0);
        boolean raw = words[0].equals("bytes");
        boolean buffers = raw || words[0].equals("frames");
        Pipeline<?, ?> pipeline;
        int from = 1;
        Framing foreign = functions.run.world().framings().get(framing);
        Framing frames = foreign == null ? new Frames(framing, sessions) : foreign;
        Codec<?, ?> codec = switch (words[0]) {
            case "bytes" -> null;
            case "frames" -> frames;
            case "letter" -> frames.with(new Content(functions));
            case "codec" -> functions(framing, functions);
            case "session", "session-holds", "session-works", "session-waits" ->
                new Sessions(framing, words[0], functions, sessions);
            default -> throw new IllegalArgumentException("no such top: " + top);
        };
        // Mappings before the pipeline is made …
        while (codec != null && from < words.length && words[from].startsWith("+")) {
            buffers = buffers && !words[from].equals("+letter");
            codec = map(codec, words[from++].substring(1), functions);
        }
        pipeline = codec == null ? Pipeline.bytes() : Pipeline.of(codec);
        // … and after.
        while (from < words.length) {
            buffers = buffers && !words[from].equals("*letter");
            pipeline = mapPipeline(pipeline, words[from++].substring(1), functions);
        }
        return new Pipe(pipeline, framing, buffers, raw);
    }

    @SuppressWarnings("unchecked")
    private static Codec<?, ?> map(Codec<?, ?> codec, String how, Hooks hooks) {
        var mapping = new Mappings(how, hooks);
        return ((Codec<Object, Object>) codec).map(mapping::up, mapping::down);
    }

    @SuppressWarnings("unchecked")
    private static Pipeline<?, ?> mapPipeline(Pipeline<?, ?> pipeline, String how, Hooks hooks) {
        var mapping = new Mappings(how, hooks);
        return ((Pipeline<Object, Object>) pipeline).map(mapping::up, mapping::down);
    }

    /** Functions between messages. They have no session; the letters tell whose they are. */
    private record Mappings(String how, Hooks hooks) {
        Object up(Object message) {
            if (message instanceof Letter letter) {
                try {
                    hooks.at(Step.Place.UP, letter, true);
                } catch (Throwable t) {
                    letter.release(); // it is owned here
                    throw t;
                }
                return how.equals("copy") ? copyOf(letter, true) : letter;
            }
            if (!how.equals("letter")) {
                return message;
            }
            ByteBuf in = (ByteBuf) message;
            try {
                Letter letter = whole(in, hooks);
                if (letter == null) {
                    throw new Planned.Unchecked(); // that it is wrong has been noted
                }
                return letter;
            } finally {
                in.release();
            }
        }

        Object down(Object message) {
            if (!(message instanceof Letter letter)) {
                return message;
            }
            hooks.at(Step.Place.DOWN, letter, false);
            return switch (how) {
                case "letter" -> {
                    ByteBuf out = Unpooled.buffer(letter.size());
                    letter.encode(out);
                    yield hooks.run.ledger().count(out, "what a mapping made of " + letter, hooks.step());
                }
                case "copy" -> copyOf(letter, false);
                default -> letter;
            };
        }

        private Letter copyOf(Letter letter, boolean instead) {
            Letter copy = letter.copy();
            if (instead) {
                letter.release();
            }
            return hooks.run.ledger().count(copy, "the mapped " + copy, hooks.step());
        }
    }

    /** Returns the letter that was decoded, unless the program wants something else. */
    static Letter decoded(ByteBuf in, Hooks hooks) throws ProtocolException {
        Letter letter = whole(in, hooks);
        if (letter == null) {
            throw new ProtocolException(0, "expected a letter");
        }
        try {
            hooks.at(Step.Place.DECODE, letter, true);
        } catch (Throwable t) {
            letter.release();
            throw t;
        }
        return letter;
    }

    /** Letters in frames. */
    private record Content(Hooks hooks) implements Codec.Decoder<Object>, Codec.Encoder<Object> {
        @Override
        public Object decode(ByteBuf frame, Context context) throws ProtocolException {
            return decoded(frame, hooks);
        }

        @Override
        public void encode(Object message, ByteBuf out) {
            var letter = (Letter) message;
            letter.encode(out);
            hooks.at(Step.Place.ENCODE, letter, false); // after something was written that has to be taken back
        }

        @Override
        public int sizeEstimate(Object message) {
            var letter = (Letter) message;
            hooks.at(Step.Place.ESTIMATE, letter, false);
            return letter.estimate;
        }
    }

    private static Codec<Object, Object> functions(String framing, Hooks hooks) {
        return Codec.of(
                Letter.LONGEST + 1024,
                (in, context) -> {
                    ByteBuf frame = Frames.next(framing, in);
                    return frame == null ? null : decoded(frame, hooks);
                },
                (message, out) -> {
                    var letter = (Letter) message;
                    int start = out.writerIndex();
                    Frames.begin(framing, out);
                    letter.encode(out);
                    Frames.end(framing, out, start);
                    hooks.at(Step.Place.ENCODE, letter, false);
                });
    }
}
