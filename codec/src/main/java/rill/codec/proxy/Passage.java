package rill.codec.proxy;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import rill.Context;
import rill.Outgoing;
import rill.Session;

/**
 * A byte layer's session that has something to settle with its peer first, and changes no byte from then on.
 *
 * <pre>
 *  settling ── passOn() ──▶ passing on
 * </pre>
 */
abstract class Passage implements Session<ByteBuf, ByteBuf> {
    /** From so many bytes on, a buffer is handed on instead of being copied. */
    private static final int WORTH_PASSING = 2 * 1024;

    private boolean passesOn;

    /** Everything is settled: bytes that were not consumed, and all further ones, belong to the layer above. */
    final void passOn() {
        passesOn = true;
    }

    /**
     * Goes a step further if enough has come for that, and consumes what the step is made of.
     *
     * @return true if it has consumed nothing, and what came is to be passed on as it is
     */
    abstract boolean settle(ByteBuf in, Context context) throws IOException;

    /**
     * The peer has ended its stream before everything is settled.
     *
     * @param rest what there is of the next step
     * @return what of that belongs to the layer above
     */
    abstract @Nullable ByteBuf endedEarly(ByteBuf rest, Context context) throws IOException;

    @Override
    public final @Nullable ByteBuf decode(ByteBuf in, Context context) throws IOException {
        return in.isReadable() && (passesOn || settle(in, context)) ? in : null;
    }

    @Override
    public final void encode(ByteBuf message, Outgoing out) {
        int size = message.readableBytes();
        if (size < WORTH_PASSING) {
            out.buffer(size).writeBytes(message, message.readerIndex(), size);
        } else {
            out.pass(message.retainedSlice());
        }
    }

    @Override
    public final @Nullable ByteBuf inputEnded(ByteBuf rest, Context context) throws IOException {
        if (!passesOn) {
            return endedEarly(rest, context);
        }
        context.end();
        return null;
    }
}
