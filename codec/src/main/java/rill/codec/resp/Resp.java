package rill.codec.resp;

import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import rill.ClientProtocol;
import rill.Pipeline;
import rill.codec.resp.RespClientCodec.Pairing;

/**
 * RESP, the protocol of Redis, versions 2 and 3, both sides of it.
 *
 * <pre>
 * Client&lt;Command, Reply&gt; redis = loop.connect(address, Resp.client()).await();
 * Reply reply = redis.call(Command.of("GET", "key")).await();
 * </pre>
 *
 * <p>A connection begins in RESP 2. {@link Hello} says what else a client wants: RESP3, a user, a database.
 *
 * <p><b>Ownership:</b> neither a {@link Command} nor a {@link Reply} holds a buffer, so nothing has to be released, unless
 * {@link RespOptions#handOut} asks for that.
 *
 * <p><b>Errors:</b> whatever does not follow the protocol to the letter, or is above the limits of {@link RespOptions}, is a
 * {@link rill.ProtocolException}; memory is taken for what has come, not for what is announced. An answer such as
 * {@code -ERR} is no failure but a {@link Reply.Failed}; {@link Reply#orThrow} makes it one. What can't be written (a
 * CR in a status, half a surrogate pair, too deep arrays) is an {@link IllegalArgumentException}.
 *
 * <p>Stricter than the specification: a number has no plus sign and no superfluous zeros, as no known server writes
 * them.
 *
 * <p><b>Source:</b> Redis documentation, "Redis serialization protocol specification"; RESP3 specification, version 1.4, with two things that
 * servers in use write: an exponent of a floating-point number, and {@code nan}.
 */
public final class Resp {
    private Resp() {}

    /** How a client speaks to a server: RESP 2, with the default options. */
    public static ClientProtocol<Command, Reply> client() {
        return client(RespOptions.defaults());
    }

    /** {@link #client(Hello, RespOptions)}, without a greeting: RESP 2. */
    public static ClientProtocol<Command, Reply> client(RespOptions options) {
        return client(Hello.resp2(), options);
    }

    /** {@link #client(Hello, RespOptions)} with the default options. */
    public static ClientProtocol<Command, Reply> client(Hello hello) {
        return client(hello, RespOptions.defaults());
    }

    /**
     * How a client speaks to a server: each command has one reply, in order. It is connected once the server has agreed to {@code hello}.
     *
     * <p><b>Errors:</b> commands that would end this are refused, with an {@link IllegalArgumentException} as the failure of the call, which says
     * what to use instead: {@code SUBSCRIBE} and its kin ({@link RespSubscriber} has them), {@code MONITOR}, {@code CLIENT REPLY OFF} and
     * {@code SKIP}, {@code SYNC}, {@code PSYNC} and {@code REPLCONF} ({@link #clientPipeline()} takes them), {@code HELLO} with another version, {@code CLIENT
     * TRACKING ON} in RESP3 if nobody takes pushes, and {@code RESET} after a greeting. A push then breaks the protocol.
     */
    public static ClientProtocol<Command, Reply> client(Hello hello, RespOptions options) {
        return ClientProtocol.inOrder(Pipeline.of(new RespClientCodec(options, hello, Pairing.REPLIES)));
    }

    /**
     * {@link #client(Hello, RespOptions)} with somebody who takes pushes, such as invalidations of {@code CLIENT TRACKING}. They are told in the
     * order of the wire, also with respect to replies: see {@link ClientProtocol#unsolicited}.
     */
    public static ClientProtocol<Command, Reply> client(
            Hello hello, RespOptions options, Consumer<? super Reply.Push> pushes) {
        Objects.requireNonNull(pushes, "pushes");
        return ClientProtocol.<Command, Reply>inOrder(
                        Pipeline.of(new RespClientCodec(options, hello, Pairing.REPLIES_AND_PUSHES)))
                .unsolicited(Reply::isPush, reply -> take(reply, pushes));
    }

    /** What comes while no call is in flight may be no push. */
    private static void take(Reply reply, Consumer<? super Reply.Push> pushes) {
        if (!(Reply.plain(reply) instanceof Reply.Push push)) {
            String shown = reply.toString();
            release(reply);
            throw new IllegalStateException("a reply that answers no command: " + shown);
        }
        pushes.accept(push);
    }

    /** Nobody is given this reply: of a value that was handed out, the buffer goes back. */
    static void release(Reply reply) {
        if (reply instanceof Reply.BulkBuffer bulk) {
            bulk.release();
        }
    }

    /**
     * How a client speaks whose calls are one or several commands each. They leave with nothing between them, on one connection, and have one fate;
     * the answer has a reply for each, in order, whatever of them are errors. For transactions ({@code MULTI} to {@code EXEC}), and for what has to
     * come directly before another command ({@code ASKING}). Nothing is handed out in buffers.
     *
     * <p><b>Errors:</b> if one of the commands is refused, as {@link #client(Hello, RespOptions)} says, none is sent.
     */
    public static ClientProtocol<List<Command>, List<Reply>> batches(Hello hello, RespOptions options) {
        var codec = new RespClientCodec(options.copyAll(), hello, Pairing.REPLIES);
        return ClientProtocol.<List<Command>, List<Reply>>inOrder(Pipeline.of(new RespBatchCodec(codec)))
                .naming(RespBatchCodec::name);
    }

    /** {@link #batches(Hello, RespOptions)} with somebody who takes pushes. */
    public static ClientProtocol<List<Command>, List<Reply>> batches(
            Hello hello, RespOptions options, Consumer<? super Reply.Push> pushes) {
        Objects.requireNonNull(pushes, "pushes");
        var codec = new RespClientCodec(options.copyAll(), hello, Pairing.REPLIES_AND_PUSHES);
        return ClientProtocol.<List<Command>, List<Reply>>inOrder(Pipeline.of(new RespBatchCodec(codec)))
                .naming(RespBatchCodec::name)
                .unsolicited(RespBatchCodec::isPush, answer -> take(answer.getFirst(), pushes));
    }

    /** {@link #clientPipeline(RespOptions)} with the default options. */
    public static Pipeline<Reply, Command> clientPipeline() {
        return clientPipeline(RespOptions.defaults());
    }

    /** {@link #clientPipeline(Hello, RespOptions)}, without a greeting. */
    public static Pipeline<Reply, Command> clientPipeline(RespOptions options) {
        return clientPipeline(Hello.resp2(), options);
    }

    /**
     * How a client speaks to a server where replies are not matched with commands: a {@link rill.Connection} that takes any command and gives all
     * replies, of either version, in the order of the wire. For {@code MONITOR}, for proxies, and beneath a {@link RespSubscriber}.
     */
    public static Pipeline<Reply, Command> clientPipeline(Hello hello, RespOptions options) {
        return Pipeline.of(new RespClientCodec(options, hello, Pairing.NONE));
    }

    /** How a server speaks to its clients, with the default options. */
    public static Pipeline<Command, Reply> server() {
        return server(RespOptions.defaults());
    }

    /**
     * How a server speaks to its clients. It writes each reply as the type that it is: {@link RespVersion#say} makes of it what the client's
     * version has. A command of no parts or of fewer ({@code *0}, {@code *-1}) is skipped, as Redis does.
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
