package rill.codec.proxy;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.net.ConnectException;
import org.jspecify.annotations.Nullable;
import rill.Context;
import rill.Outgoing;
import rill.ProtocolException;

/** A session with a proxy that is asked to connect to a target. Writes from above are held until the proxy has connected. */
abstract class Tunnel extends Passage {
    private final Object proxy;
    final Destination destination;

    /**
     * @param proxy the proxy, in words
     */
    Tunnel(Object proxy, Destination destination) {
        this.proxy = proxy;
        this.destination = destination;
    }

    /** Writes the first message to the proxy. */
    abstract void begin(Outgoing out);

    @Override
    public final @Nullable ByteBuf opened(Context context) {
        context.holdWrites();
        begin(context.out());
        return null;
    }

    /** Called when the proxy has connected to the target. */
    final void through(Context context) {
        passOn();
        context.releaseWrites();
    }

    // ---- failures: each says what was asked of which proxy

    private String asked() {
        return "connect to " + destination + " through the " + proxy + ": ";
    }

    /** The proxy has refused to connect, and would refuse again. */
    final ConnectException refused(String reason) {
        return refused(reason, false);
    }

    final ConnectException refused(String reason, boolean mayPass) {
        return new ProxyRefusedException(asked() + reason, mayPass);
    }

    /**
     * @param at counted from the first byte passed to the current call
     */
    final ProtocolException violation(int at, String violation) {
        return new ProtocolException(at, asked() + violation);
    }

    @Override
    final @Nullable ByteBuf endedEarly(ByteBuf rest, Context context) throws IOException {
        throw violation(rest.readableBytes(), "the proxy has ended the connection " + where(rest.readableBytes()));
    }

    /** Describes the position in the conversation, after this many bytes of the next step. */
    abstract String where(int bytes);
}
