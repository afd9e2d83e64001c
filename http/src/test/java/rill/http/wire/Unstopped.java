package rill.http.wire;

import io.netty.buffer.ByteBuf;
import rill.Context;
import rill.testkit.BareContext;

/** A context whose {@code stop} is a no-op, as if decoding were resumed at once. */
final class Unstopped extends BareContext {
    private final Context context;

    Unstopped(Context context) {
        this.context = context;
    }

    @Override
    public ByteBuf own(ByteBuf borrowed) {
        return context.own(borrowed);
    }

    @Override
    public void stop() {}
}
