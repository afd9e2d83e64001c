package rill.testing;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import rill.Codec;
import rill.Context;
import rill.Pipeline;
import rill.ProtocolException;

/** Lines of text that end in LF; a line with a NUL breaks the protocol, and one with an LF can't be encoded. */
public final class TextLines {
    private TextLines() {}

    /** Returns the codec. */
    public static Codec<String, String> codec() {
        return Codec.of(TextLines::decode, TextLines::encode);
    }

    /** Returns a pipeline of the codec alone. */
    public static Pipeline<String, String> pipeline() {
        return Pipeline.of(codec());
    }

    private static @Nullable String decode(ByteBuf in, Context context) throws ProtocolException {
        int length = in.bytesBefore((byte) '\n');
        if (length < 0) {
            return null;
        }
        int bad = in.bytesBefore(length, (byte) 0);
        if (bad >= 0) {
            throw new ProtocolException(bad, "a NUL within a line");
        }
        String line = in.readString(length, StandardCharsets.UTF_8);
        in.skipBytes(1);
        return line;
    }

    private static void encode(String line, ByteBuf out) {
        out.writeCharSequence(line, StandardCharsets.UTF_8);
        if (line.indexOf('\n') >= 0) {
            throw new IllegalArgumentException("a line within a line: " + line);
        }
        out.writeByte('\n');
    }
}
