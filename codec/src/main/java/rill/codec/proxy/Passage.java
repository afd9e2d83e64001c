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
    /** Buffers of at least this many bytes are passed on instead of copied. */
    private static final int WORTH_PASSING = 2 * 1024;

    private boolean passesOn;

    /** Everything is settled: the bytes not consumed, and all that follow, belong to the layer above. */
    final void passOn() {
        passesOn = true;
    }

    /**
     * Takes the next step if enough bytes have arrived, and consumes the bytes of that step.
     *
     * @return true if nothing was consumed and the bytes are to be passed on as they are
     */
    abstract boolean settle(ByteBuf in, Context context) throws IOException;

    /**
     * The peer has ended its stream before everything was settled.
     *
     * @param rest the bytes of the next step so far
     * @return those that belong to the layer above
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
