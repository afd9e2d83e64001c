package rill;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** Single characters as messages, except: {@code p} is a ping, answered with a pong that nobody above sees. */
class Pinging extends SessionTest.Plain {
    static final String PONG = "PONG ";

    @Override
    public void decode(ByteBuf in, Actions<String> actions) throws IOException {
        if (!in.isReadable()) {
            return;
        }
        char c = (char) in.readByte();
        if (c == 'p') {
            actions.out().buffer(PONG.length()).writeCharSequence(PONG, StandardCharsets.US_ASCII);
        } else {
            actions.message(String.valueOf(c));
        }
    }
}
