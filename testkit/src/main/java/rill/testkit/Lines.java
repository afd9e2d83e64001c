package rill.testkit;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import rill.Codec;
import rill.Context;

/** Lines of text, which end in LF. */
final class Lines {
    static final Codec<String, String> CODEC = Codec.of(Lines::decode, Lines::encode);

    private Lines() {}

    private static @Nullable String decode(ByteBuf in, Context context) {
        int length = in.bytesBefore((byte) '\n');
        if (length < 0) {
            return null;
        }
        String line = in.readString(length, StandardCharsets.UTF_8);
        in.skipBytes(1);
        return line;
    }

    private static void encode(String line, ByteBuf out) {
        out.writeCharSequence(line, StandardCharsets.UTF_8);
        out.writeByte('\n');
    }
}
