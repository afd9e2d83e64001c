package rill.bench.micro;

import io.netty.buffer.ByteBuf;
import rill.FrameCodec;

/** Looks at no byte of a frame: its length is the message, and a message is so many bytes. */
final class Skipping {
    private static final byte[] CONTENT =
            "abcdefghijklmnopqrstuvwxyz012345".getBytes(java.nio.charset.StandardCharsets.US_ASCII);

    static final FrameCodec<Integer, Integer> CODEC = FrameCodec.of(
            frame -> {
                int length = frame.readableBytes();
                frame.skipBytes(length);
                return length; // small enough to be boxed already
            },
            Skipping::write);

    private Skipping() {}

    private static void write(Integer length, ByteBuf out) {
        out.writeBytes(CONTENT, 0, length);
    }
}
