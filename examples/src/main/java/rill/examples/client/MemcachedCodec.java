package rill.examples.client;

import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import rill.Codec;
import rill.Context;
import rill.Outgoing;
import rill.ProtocolException;
import rill.Session;
import rill.examples.client.MemcachedAnswer.Status;
import rill.examples.client.MemcachedAnswer.Value;

/** The client's side of memcached's text protocol. */
final class MemcachedCodec implements Codec<MemcachedAnswer, MemcachedRequest> {
    static final int MOST_VALUE_BYTES = 1024 * 1024;
    static final int MOST_ANSWER_BYTES = 16 * 1024 * 1024;
    private static final int LONGEST_LINE = 1024; // a key of 250, three numbers, words of an error
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);
    private static final int COST_OF_A_VALUE = 128; // in addition to its bytes

    @Override
    public int sizeEstimate(MemcachedRequest request) {
        return switch (request) {
            case MemcachedRequest.Get get -> 8 + get.keys().size() * 32;
            case MemcachedRequest.Store store ->
                64 + store.key().length() + store.data().remaining();
            case MemcachedRequest.Delete _, MemcachedRequest.Add _ -> 64;
        };
    }

    @Override
    public Session<MemcachedAnswer, MemcachedRequest> open(Context context) {
        return new MemcachedSession();
    }

    /**
     * The part of an answer received so far.
     *
     * <pre>
     *            VALUE key flags size unique              the last byte
     *  a line ───────────────────────────────▶ the data ───────────────▶ a line
     *     │ END, or any other line
     *     ▼
     *  an answer
     * </pre>
     */
    private static final class MemcachedSession implements Session<MemcachedAnswer, MemcachedRequest> {
        private final List<Value> values = new ArrayList<>();
        private int cost; // of the values
        private @Nullable Value announced; // the value whose data arrives next
        private int size; // of its data

        @Override
        public @Nullable MemcachedAnswer decode(ByteBuf in, Context context) throws ProtocolException {
            if (announced != null) {
                readData(announced, in, context);
                return null;
            }
            int start = in.readerIndex();
            int lf = in.indexOf(start, Math.min(in.writerIndex(), start + LONGEST_LINE), (byte) '\n');
            if (lf < 0) {
                if (in.readableBytes() >= LONGEST_LINE) {
                    throw new ProtocolException(
                            LONGEST_LINE, "expected a line of less than " + LONGEST_LINE + " bytes");
                }
                return null;
            }
            if (lf == start || in.getByte(lf - 1) != '\r') {
                throw new ProtocolException(lf - start, "expected CR before LF");
            }
            String line = in.readString(lf - 1 - start, StandardCharsets.US_ASCII);
            in.skipBytes(2);
            return answer(line);
        }

        private @Nullable MemcachedAnswer answer(String line) throws ProtocolException {
            String[] words = line.split(" ", -1);
            if (words[0].equals("VALUE") && words.length == 5) {
                announce(words);
                return null;
            }
            if (line.equals("END")) {
                var found = new MemcachedAnswer.Values(List.copyOf(values));
                values.clear();
                cost = 0;
                return found;
            }
            if (!values.isEmpty()) {
                throw new ProtocolException("expected VALUE or END, found " + line);
            }
            if (line.equals("ERROR") || words[0].equals("CLIENT_ERROR") || words[0].equals("SERVER_ERROR")) {
                return new MemcachedAnswer.Refused(line);
            }
            for (Status each : Status.values()) {
                if (line.equals(each.name())) {
                    return new MemcachedAnswer.Of(each);
                }
            }
            return new MemcachedAnswer.Counted(number(line, "an answer"));
        }

        private void announce(String[] words) throws ProtocolException {
            long length = number(words[3], "a number of bytes");
            if (length < 0 || length > MOST_VALUE_BYTES) {
                throw new ProtocolException(
                        "expected a value of 0 to " + MOST_VALUE_BYTES + " bytes, found " + words[3]);
            }
            cost += COST_OF_A_VALUE + (int) length;
            if (cost > MOST_ANSWER_BYTES) {
                throw new ProtocolException("expected an answer of at most " + MOST_ANSWER_BYTES + " bytes");
            }
            size = (int) length;
            announced = new Value(words[1], number(words[2], "flags"), NOTHING, number(words[4], "a unique number"));
        }

        /** Parses an unsigned number of 64 bits. */
        private static long number(String word, String what) throws ProtocolException {
            if (isNumber(word)) {
                try {
                    return Long.parseUnsignedLong(word);
                } catch (NumberFormatException tooLarge) {
                    // thrown below
                }
            }
            throw new ProtocolException("expected " + what + ", found " + word);
        }

        /** Whether a word is digits without a leading zero. */
        private static boolean isNumber(String word) {
            boolean digits = !word.isEmpty() && word.chars().allMatch(c -> c >= '0' && c <= '9');
            return digits && (word.length() == 1 || word.charAt(0) != '0');
        }

        private void readData(Value value, ByteBuf in, Context context) throws ProtocolException {
            int missing = size + 2 - in.readableBytes();
            if (missing > 0) {
                context.needMore(missing);
                return;
            }
            int end = in.readerIndex() + size;
            if (in.getByte(end) != '\r' || in.getByte(end + 1) != '\n') {
                throw new ProtocolException(size, "expected CR LF after the " + size + " bytes of a value");
            }
            byte[] data = new byte[size];
            in.readBytes(data).skipBytes(2);
            values.add(new Value(value.key(), value.flags(), ByteBuffer.wrap(data), value.unique()));
            announced = null;
        }

        @Override
        public @Nullable MemcachedAnswer inputEnded(ByteBuf rest, Context context) throws ProtocolException {
            if (rest.isReadable() || announced != null || !values.isEmpty()) {
                throw new ProtocolException(rest.readableBytes(), "the stream ended within an answer");
            }
            context.end();
            return null;
        }

        // ---- requests

        @Override
        public void encode(MemcachedRequest request, Outgoing out) {
            switch (request) {
                case MemcachedRequest.Get get -> line("gets " + String.join(" ", get.keys()), out);
                case MemcachedRequest.Delete delete -> line("delete " + delete.key(), out);
                case MemcachedRequest.Add add -> {
                    String difference = Long.toUnsignedString(Math.abs(add.difference()));
                    line(add.name() + " " + add.key() + " " + difference, out);
                }
                case MemcachedRequest.Store store -> {
                    int size = store.data().remaining();
                    String unique = store.name().equals("cas") ? " " + Long.toUnsignedString(store.unique()) : "";
                    line(store.name() + " " + store.key() + " 0 " + store.seconds() + " " + size + unique, out);
                    out.buffer(size + 2)
                            .writeBytes(store.data().duplicate())
                            .writeByte('\r')
                            .writeByte('\n');
                }
            }
        }

        private static void line(String text, Outgoing out) {
            ByteBuf buffer = out.buffer(text.length() + 2);
            buffer.writeCharSequence(text, StandardCharsets.US_ASCII);
            buffer.writeByte('\r').writeByte('\n');
        }
    }
}
