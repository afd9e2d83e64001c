package rill;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** A layer with a handshake: sends {@code hello;} and holds writes until a {@code !} arrives, then passes everything on. */
final class HoldingLayer implements ByteLayer {
    @Override
    public Session<ByteBuf, ByteBuf> open(Context context) {
        return new OneConnection();
    }

    private static final class OneConnection implements Session<ByteBuf, ByteBuf> {
        private boolean open;

        @Override
        public @Nullable ByteBuf opened(Context context) {
            context.holdWrites();
            context.out().buffer(6).writeCharSequence("hello;", java.nio.charset.StandardCharsets.US_ASCII);
            return null;
        }

        @Override
        public @Nullable ByteBuf decode(ByteBuf in, Context context) {
            if (open) {
                return in.readSlice(in.readableBytes());
            } else if (in.readByte() == '!') {
                open = true;
                context.releaseWrites();
            }
            return null;
        }

        @Override
        public void encode(ByteBuf message, Outgoing out) {
            out.pass(message.retainedSlice());
        }

        @Override
        public @Nullable ByteBuf inputEnded(ByteBuf rest, Context context) throws IOException {
            if (!open) {
                throw new ProtocolException("the stream ended within the handshake");
            }
            context.end();
            return null;
        }

        @Override
        public void outputEnding(Outgoing out) {
            out.buffer(4).writeCharSequence(";bye", java.nio.charset.StandardCharsets.US_ASCII);
        }
    }
}
