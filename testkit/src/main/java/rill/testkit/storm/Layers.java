package rill.testkit.storm;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import rill.ByteLayer;
import rill.Context;
import rill.Outgoing;
import rill.Session;

/**
 * The byte layers of storms: {@code plain} passes everything on unchanged, {@code xor} changes every byte, {@code pieces} delivers its input in small
 * pieces, and {@code records} is a {@link Records protocol} with variants.
 */
final class Layers {
    private Layers() {}

    static ByteLayer of(String name, Supplier<Hooks> hooks) {
        if (name.startsWith("records")) {
            String habits = name.substring("records".length()).replace("-", "");
            return context -> new Records(hooks.get(), habits);
        }
        return switch (name) {
            case "plain" -> context -> new Plain(hooks.get());
            case "xor" -> context -> new Xor(hooks.get());
            case "pieces" -> context -> new Pieces(hooks.get());
            default -> throw new IllegalArgumentException("no such layer: " + name);
        };
    }

    private static class Plain implements Session<ByteBuf, ByteBuf> {
        final Hooks hooks;

        Plain(Hooks hooks) {
            this.hooks = hooks;
        }

        @Override
        public @Nullable ByteBuf decode(ByteBuf in, Context context) throws IOException {
            hooks.at(Step.Place.LAYER);
            return in;
        }

        @Override
        public void encode(ByteBuf message, Outgoing out) throws IOException {
            hooks.at(Step.Place.LAYER);
            out.pass(message.readRetainedSlice(message.readableBytes()));
        }
    }

    private static final class Pieces extends Plain {
        private int count;

        Pieces(Hooks hooks) {
            super(hooks);
        }

        @Override
        public @Nullable ByteBuf decode(ByteBuf in, Context context) throws IOException {
            hooks.at(Step.Place.LAYER);
            int size = in.readableBytes() > 4096 ? 1 + in.readableBytes() / 3 : 1 + (++count * 37) % 61;
            return in.readSlice(Math.min(in.readableBytes(), size));
        }
    }

    private static final class Xor implements Session<ByteBuf, ByteBuf> {
        private static final byte MASK = 0x55;

        private final Hooks hooks;
        private @Nullable ByteBuf up; // borrowed by the layer above until the next call

        Xor(Hooks hooks) {
            this.hooks = hooks;
        }

        @Override
        public @Nullable ByteBuf decode(ByteBuf in, Context context) throws IOException {
            hooks.at(Step.Place.LAYER);
            release();
            ByteBuf out = hooks.run.ledger().count(Unpooled.buffer(in.readableBytes()), "a layer's", hooks.step());
            flip(in, out);
            up = out;
            return out;
        }

        @Override
        public void encode(ByteBuf message, Outgoing out) throws IOException {
            flip(message, out.buffer(message.readableBytes()));
            hooks.at(Step.Place.LAYER);
        }

        private static void flip(ByteBuf from, ByteBuf to) {
            while (from.readableBytes() >= 8) {
                to.writeLong(from.readLong() ^ 0x5555555555555555L);
            }
            while (from.isReadable()) {
                to.writeByte(from.readByte() ^ MASK);
            }
        }

        private void release() {
            if (up != null) {
                up.release();
                up = null;
            }
        }

        @Override
        public void closed() {
            release();
        }
    }
}
