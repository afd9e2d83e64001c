package rill.bench.micro;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import rill.Codec;
import rill.Context;

/** Looks at no byte of a frame: the message is the frame's length, and is encoded as that many bytes. */
enum Skipping implements Codec.Decoder<Integer>, Codec.Encoder<Integer> {
    CODEC;

    private static final byte[] CONTENT = "abcdefghijklmnopqrstuvwxyz012345".getBytes(StandardCharsets.US_ASCII);

    @Override
    public Integer decode(ByteBuf frame, Context context) {
        int length = frame.readableBytes();
        frame.skipBytes(length);
        return length; // small enough for the cache of boxed integers
    }

    @Override
    public void encode(Integer length, ByteBuf out) {
        out.writeBytes(CONTENT, 0, length);
    }
}
