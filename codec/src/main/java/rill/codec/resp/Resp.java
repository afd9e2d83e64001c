package rill.codec.resp;

import rill.ClientProtocol;
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
 * <p><b>Errors:</b> whatever does not follow the protocol to the letter, or is above the limits of {@link RespOptions}, is a
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

    /** How a client speaks to a server, with the default options. */
    public static ClientProtocol<Command, Reply> client() {
        return client(RespOptions.defaults());
    }

    /**
     * How a client speaks to a server: each command has one reply, in order.
     *
     * <p><b>Errors:</b> commands that would end this are refused, with an {@link IllegalArgumentException} as the failure of the call:
     * {@code SUBSCRIBE} and its kin, {@code MONITOR}, {@code CLIENT REPLY OFF} and {@code SKIP}, {@code SYNC} and
     * {@code PSYNC}, and {@code HELLO} with another version than 2. {@link #clientPipeline()} takes them.
     */
    public static ClientProtocol<Command, Reply> client(RespOptions options) {
        return ClientProtocol.inOrder(Pipeline.of(new RespClientCodec(options, true)));
    }

    /** {@link #clientPipeline(RespOptions)} with the default options. */
    public static Pipeline<Reply, Command> clientPipeline() {
        return clientPipeline(RespOptions.defaults());
    }

    /**
     * How a client speaks to a server where replies are not matched with commands: a
     * {@link rill.Connection} that takes any command and gives all replies in the order of the wire. For subscriptions and
     * {@code MONITOR}.
     */
    public static Pipeline<Reply, Command> clientPipeline(RespOptions options) {
        return Pipeline.of(new RespClientCodec(options, false));
    }

    /** How a server speaks to its clients, with the default options. */
    public static Pipeline<Command, Reply> server() {
        return server(RespOptions.defaults());
    }

    /**
     * How a server speaks to its clients. A command of no parts or of fewer ({@code *0}, {@code *-1}) is skipped, as Redis does.
     *
     * <p>Besides commands proper it takes inline ones, unless {@link RespOptions#inlineCommands} says otherwise: words on a line, of any
     * bytes but NUL, with quotes as in Redis; the line may end with a mere LF, and empty ones are skipped. A line that begins
     * with {@code POST} or {@code Host:} is HTTP, of a browser that somebody has made send it here: the connection ends, so
     * that what follows is not carried out.
     */
    public static Pipeline<Command, Reply> server(RespOptions options) {
        return Pipeline.of(new RespServerCodec(options));
    }
}
