package rill;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Single characters as messages, except {@code p}: a ping, answered with a pong that nothing above sees. */
class Pinging extends SessionTest.Plain {
    static final String PONG = "PONG ";

    @Override
    public @Nullable String decode(ByteBuf in, Context context) throws IOException {
        if (!in.isReadable()) {
            return null;
        }
        char c = (char) in.readByte();
        if (c == 'p') {
            context.out().buffer(PONG.length()).writeCharSequence(PONG, StandardCharsets.US_ASCII);
        } else {
            return String.valueOf(c);
        }
        return null;
    }
}
