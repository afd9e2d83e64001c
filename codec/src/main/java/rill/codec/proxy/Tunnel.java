package rill.codec.proxy;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.net.ConnectException;
import org.jspecify.annotations.Nullable;
import rill.Context;
import rill.Outgoing;
import rill.ProtocolException;

/** The session with a proxy that is to connect on. What is written above it waits until the proxy has done that. */
abstract class Tunnel extends Passage {
    private final Object proxy;
    final Destination destination;

    /** @param proxy which one, in words */
    Tunnel(Object proxy, Destination destination) {
        this.proxy = proxy;
        this.destination = destination;
    }

    /** Writes what opens the conversation. */
    abstract void begin(Outgoing out);

    @Override
    public final @Nullable ByteBuf opened(Context context) {
        context.holdWrites();
        begin(context.out());
        return null;
    }

    /** The proxy has connected on. */
    final void through(Context context) {
        passOn();
        context.releaseWrites();
    }

    // ---- failures: each says what was asked of whom

    private String asked() {
        return "connect to " + destination + " through the " + proxy + ": ";
    }

    /** The proxy has said that it does not connect on, and will say so again. */
    final ConnectException refused(String reason) {
        return refused(reason, false);
    }

    final ConnectException refused(String reason, boolean mayPass) {
        return new ProxyRefusedException(asked() + reason, mayPass);
    }

    /** @param at counted from the first byte that the present call was given */
    final ProtocolException violation(int at, String violation) {
        return new ProtocolException(at, asked() + violation);
    }

    @Override
    final @Nullable ByteBuf endedEarly(ByteBuf rest, Context context) throws IOException {
        throw violation(rest.readableBytes(), "the proxy has ended the connection " + where(rest.readableBytes()));
    }

    /** Where in the conversation it is, with so many bytes of the next step. */
    abstract String where(int bytes);
}
