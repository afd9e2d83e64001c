package rill;

import io.netty.buffer.ByteBuf;
import java.io.IOException;

/** A layer with a handshake: says {@code hello;} and holds writes until a {@code !} comes; then passes everything on. */
final class HoldingLayer implements ByteLayer {
    @Override
    public Session<ByteBuf, ByteBuf> open(SessionContext context) {
        return new OneConnection();
    }

    private static final class OneConnection implements Session<ByteBuf, ByteBuf> {
        private boolean open;

        @Override
        public void opened(Actions<ByteBuf> actions) {
            actions.holdWrites();
            actions.out().buffer(6).writeCharSequence("hello;", java.nio.charset.StandardCharsets.US_ASCII);
        }

        @Override
        public void decode(ByteBuf in, Actions<ByteBuf> actions) {
            if (open) {
                actions.message(in.readSlice(in.readableBytes()));
            } else if (in.readByte() == '!') {
                open = true;
                actions.releaseWrites();
            }
        }

        @Override
        public void encode(ByteBuf message, Outgoing out) {
            out.pass(message.retainedSlice());
        }

        @Override
        public void inputEnded(ByteBuf rest, Actions<ByteBuf> actions) throws IOException {
            if (!open) {
                throw new ProtocolException("the stream ended within the handshake");
            }
            actions.end();
        }

        @Override
        public void outputEnding(Outgoing out) {
            out.buffer(4).writeCharSequence(";bye", java.nio.charset.StandardCharsets.US_ASCII);
        }
    }
}
