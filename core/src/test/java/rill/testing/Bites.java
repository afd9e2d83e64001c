package rill.testing;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import rill.Context;
import rill.FrameSession;
import rill.Framing;
import rill.Outgoing;

/** A framing into pieces of equal length: the smallest protocol whose messages hold buffers. */
public record Bites(int size) implements Framing {
    @Override
    public FrameSession open(Context context) {
        return new FrameSession() {
            @Override
            protected int find(ByteBuf in) {
                int start = in.readerIndex();
                return in.readableBytes() < size ? 1 : found(start, start + size, start + size);
            }

            @Override
            public void encode(ByteBuf message, Outgoing out) throws IOException {
                out.buffer(size).writeBytes(message, message.readerIndex(), size);
            }

            @Override
            public void beginFrame(ByteBuf out) {}

            @Override
            public void endFrame(ByteBuf out, int start) {
                if (out.writerIndex() - start != size) {
                    throw new IllegalArgumentException("a bite has " + size + " bytes");
                }
            }
        };
    }
}
