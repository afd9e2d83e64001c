package rill.fuzz;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import rill.ByteLayer;
import rill.Codec;
import rill.Context;
import rill.Outgoing;
import rill.Session;

/** A session that holds what another one delivers against its limits: each message, and of a byte layer all of its output. */
final class Measured<R, W> implements Session<R, W> {
    private final Session<R, W> session;
    private final boolean layer;
    private final List<Limit> limits;
    private long consumed;
    private long received; // consumed or not
    private int given; // by a layer

    private Measured(Session<R, W> session, boolean layer, List<Limit> limits) {
        this.session = session;
        this.layer = layer;
        this.limits = limits;
    }

    /** The same codec, whose sessions throw an {@link AssertionError} when a limit is exceeded. */
    static Codec<?, ?> of(Codec<?, ?> codec, List<Limit> limits) {
        if (codec instanceof ByteLayer bytes) {
            ByteLayer measured = context -> new Measured<>(bytes.open(context), true, limits);
            return measured;
        }
        return messages(codec, limits);
    }

    private static <R, W> Codec<R, W> messages(Codec<R, W> codec, List<Limit> limits) {
        return context -> new Measured<>(codec.open(context), false, limits);
    }

    private @Nullable R checked(@Nullable R message) {
        if (message != null) {
            for (Limit each : limits) {
                each.check(given + each.size().applyAsInt(message), received);
            }
            if (layer) {
                given += ((ByteBuf) message).readableBytes();
            }
        }
        return message;
    }

    @Override
    public @Nullable R opened(Context context) throws IOException {
        return checked(session.opened(context));
    }

    @Override
    public @Nullable R decode(ByteBuf in, Context context) throws IOException {
        int start = in.readerIndex();
        received = consumed + in.readableBytes();
        R message = session.decode(in, context);
        consumed = message == in ? received : consumed + in.readerIndex() - start;
        return checked(message);
    }

    @Override
    public @Nullable R inputEnded(ByteBuf rest, Context context) throws IOException {
        return checked(session.inputEnded(rest, context));
    }

    @Override
    public @Nullable R timerExpired(Context context) throws IOException {
        return checked(session.timerExpired(context));
    }

    @Override
    public void encode(W message, Outgoing out) throws IOException {
        session.encode(message, out);
    }

    @Override
    public void outputEnding(Outgoing out) throws IOException {
        session.outputEnding(out);
    }

    @Override
    public @Nullable Object info() {
        return session.info();
    }

    @Override
    public boolean replaceable() {
        return session.replaceable();
    }

    @Override
    public void closed() {
        session.closed();
    }
}
