package rill.transport.nio;

import java.nio.charset.StandardCharsets;
import rill.Codec;
import rill.Exchange;
import rill.Pipeline;
import rill.ProtocolException;

/** The smallest of protocols: lines of text. The line {@code !} breaks it; writing {@code ?} can't be encoded. */
final class Lines {
    static final Pipeline<String, String> PIPELINE = Pipeline.of(Codec.of(
            in -> {
                int length = in.bytesBefore((byte) '\n');
                if (length < 0) {
                    return null;
                }
                String line = in.readString(length, StandardCharsets.UTF_8);
                in.skipBytes(1);
                if (line.equals("!")) {
                    throw new ProtocolException("a line that breaks the protocol");
                }
                return line;
            },
            (line, out) -> {
                if (line.equals("?")) {
                    throw new IllegalArgumentException("can't be encoded: ?");
                }
                out.writeCharSequence(line, StandardCharsets.UTF_8);
                out.writeByte('\n');
            }));

    private Lines() {}

    static Exchange<String, String> inOrder() {
        return Exchange.inOrder(PIPELINE);
    }

    /** The key is what precedes the colon. */
    static Exchange<String, String> byKey() {
        return Exchange.byKey(PIPELINE, Lines::key, Lines::key);
    }

    private static String key(String line) {
        return line.substring(0, Math.max(0, line.indexOf(':')));
    }
}
