package rill.codec;

import rill.Exchange;
import rill.Pipeline;

/**
 * RESP 2, the protocol of Redis, both sides of it.
 *
 * <pre>
 * Client&lt;Command, Reply&gt; redis = loop.connect(address, Resp.client()).await();
 * Reply reply = redis.call(Command.of("GET", "key")).await();
 * </pre>
 *
 * <p><b>Ownership:</b> neither a {@link Command} nor a {@link Reply} holds a buffer; nothing has to be released.
 *
 * <p><b>Errors:</b> whatever does not follow the protocol to the letter, or is above the {@link RespLimits}, is a
 * {@link rill.ProtocolException}; memory is taken for what has come, not for what is announced. An answer such as
 * {@code -ERR} is no failure but a {@link Reply.Failed}; {@link Reply#orThrow} makes it one. What can't be written (a
 * CR in a status, half a surrogate pair, too deep arrays) is an {@link IllegalArgumentException}.
 *
 * <p>Stricter than the specification: a number has no plus sign and no superfluous zeros, as no known server writes
 * them.
 *
 * <p><b>Source:</b> Redis documentation, "Redis serialization protocol specification", version 2.
 */
public final class Resp {
    private Resp() {}

    /** How a client speaks to a server, within the default limits. */
    public static Exchange<Command, Reply> client() {
        return client(RespLimits.DEFAULT);
    }

    /**
     * How a client speaks to a server. On a connection with subscriptions, {@link Exchange#unsolicited} says which
     * replies answer no command.
     */
    public static Exchange<Command, Reply> client(RespLimits limits) {
        return Exchange.inOrder(Pipeline.of(new RespClientCodec(limits)));
    }

    /** How a server speaks to its clients, within the default limits. */
    public static Pipeline<Command, Reply> server() {
        return server(RespLimits.DEFAULT);
    }

    /**
     * How a server speaks to its clients. Besides commands proper it takes inline ones: words on a line, with quotes as
     * in Redis; they may end with a mere LF, and empty lines are skipped.
     */
    public static Pipeline<Command, Reply> server(RespLimits limits) {
        return Pipeline.of(new RespServerCodec(limits));
    }
}
