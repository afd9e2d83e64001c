package rill.codec.resp;

import java.io.UncheckedIOException;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import rill.ClientProtocol;
import rill.Pipeline;
import rill.ProtocolException;
import rill.codec.resp.RespClientCodec.Pairing;

/**
 * RESP, the protocol of Redis, in versions 2 and 3, for clients and servers.
 *
 * <pre>
 * Client&lt;Command, Reply&gt; redis = loop.connect(address, Resp.client()).await();
 * Reply reply = redis.call(Command.of("GET", "key")).await();
 * </pre>
 *
 * <p>A connection begins in RESP 2. With {@link Hello}, a client asks for more: RESP3, a user, a database.
 *
 * <p><b>Ownership:</b> neither a {@link Command} nor a {@link Reply} holds a buffer, so nothing has to be released, unless
 * {@link RespOptions#handOut} is set.
 *
 * <p><b>Errors:</b> anything that does not follow the protocol to the letter, or is above the limits of {@link RespOptions}, is a
 * {@link rill.ProtocolException}. Memory is allocated for bytes that have arrived, not for announced lengths. An answer such as {@code -ERR} is not a
 * failure but a {@link Reply.Failed}; {@link Reply#orThrow} makes it one. A message that can't be written (a CR in a status, an unpaired surrogate,
 * arrays nested too deep) is an {@link IllegalArgumentException}.
 *
 * <p>Stricter than the specification: a number has no plus sign and no leading zeros. No known server writes them.
 *
 * <p><b>Source:</b> Redis documentation, "Redis serialization protocol specification"; RESP3 specification, version 1.4, with two additions that
 * servers in use write: an exponent of a floating-point number, and {@code nan}.
 */
public final class Resp {
    private Resp() {}

    /** A client protocol for RESP 2, with the default options. */
    public static ClientProtocol<Command, Reply> client() {
        return client(RespOptions.defaults());
    }

    /** {@link #client(Hello, RespOptions)} without a greeting: RESP 2. */
    public static ClientProtocol<Command, Reply> client(RespOptions options) {
        return client(Hello.resp2(), options);
    }

    /** {@link #client(Hello, RespOptions)} with the default options. */
    public static ClientProtocol<Command, Reply> client(Hello hello) {
        return client(hello, RespOptions.defaults());
    }

    /**
     * A client protocol in which each command has one reply, in order. A connection is ready once the server has agreed to {@code hello}. A failure
     * names the command as it was given, such as {@code GET}, and none of its arguments.
     *
     * <p><b>Errors:</b> a command that would break this pairing is refused: its call fails with an {@link IllegalArgumentException} that says what to
     * use instead. These are {@code SUBSCRIBE} and its kin (use {@link RespSubscriber}), {@code MONITOR}, {@code CLIENT REPLY OFF} and {@code SKIP},
     * {@code SYNC}, {@code PSYNC} and {@code REPLCONF} (use {@link #clientPipeline()}), {@code HELLO} with another version,
     * {@code CLIENT TRACKING ON} in RESP3 without a consumer of pushes, and {@code RESET} after a greeting. A push is a violation of the protocol
     * here.
     */
    public static ClientProtocol<Command, Reply> client(Hello hello, RespOptions options) {
        return ClientProtocol.<Command, Reply>inOrder(Pipeline.of(new RespClientCodec(options, hello, Pairing.REPLIES)))
                .naming(Command::label);
    }

    /**
     * {@link #client(Hello, RespOptions)} with a consumer of pushes, such as invalidations of {@code CLIENT TRACKING}. Pushes are delivered in the
     * order of the wire, also with respect to replies: see {@link ClientProtocol#unsolicited}.
     */
    public static ClientProtocol<Command, Reply> client(
            Hello hello, RespOptions options, Consumer<? super Reply.Push> pushes) {
        Objects.requireNonNull(pushes, "pushes");
        return ClientProtocol.<Command, Reply>inOrder(
                        Pipeline.of(new RespClientCodec(options, hello, Pairing.REPLIES_AND_PUSHES)))
                .naming(Command::label)
                .unsolicited(Reply::isPush, reply -> take(reply, pushes));
    }

    /** A message that arrives while no call is in flight is not necessarily a push. */
    private static void take(Reply reply, Consumer<? super Reply.Push> pushes) {
        if (!(Reply.plain(reply) instanceof Reply.Push push)) {
            String shown = Excerpt.of(reply);
            release(reply);
            throw new UncheckedIOException(new ProtocolException("a reply that answers no command: " + shown));
        }
        pushes.accept(push);
    }

    /** Releases the buffer, if there is one, of a reply that is not delivered. */
    static void release(Reply reply) {
        if (reply instanceof Reply.BulkBuffer bulk) {
            bulk.release();
        }
    }

    /**
     * A client protocol whose calls are batches of one or more commands. A batch is sent on one connection with nothing in between, and is answered
     * or fails as a whole; its answer has a reply for each command, in order, even if some are errors. For transactions ({@code MULTI} to
     * {@code EXEC}), and for commands that must directly precede another ({@code ASKING}). {@link RespOptions#handOut} has no effect.
     *
     * <p><b>Errors:</b> if one of the commands is refused, as {@link #client(Hello, RespOptions)} says, none is sent.
     */
    public static ClientProtocol<List<Command>, List<Reply>> batches(Hello hello, RespOptions options) {
        var codec = new RespClientCodec(options.copyAll(), hello, Pairing.REPLIES);
        return ClientProtocol.<List<Command>, List<Reply>>inOrder(Pipeline.of(new RespBatchCodec(codec)))
                .naming(RespBatchCodec::name);
    }

    /** {@link #batches(Hello, RespOptions)} with a consumer of pushes. */
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

    /** {@link #clientPipeline(Hello, RespOptions)} without a greeting. */
    public static Pipeline<Reply, Command> clientPipeline(RespOptions options) {
        return clientPipeline(Hello.resp2(), options);
    }

    /**
     * A client pipeline in which replies are not matched with commands: its {@link rill.Connection} writes any command and delivers all replies, of
     * either version, in the order of the wire. For {@code MONITOR}, for proxies, and beneath a {@link RespSubscriber}.
     */
    public static Pipeline<Reply, Command> clientPipeline(Hello hello, RespOptions options) {
        return Pipeline.of(new RespClientCodec(options, hello, Pairing.NONE));
    }

    /** A server pipeline with the default options. */
    public static Pipeline<Command, Reply> server() {
        return server(RespOptions.defaults());
    }

    /**
     * A server pipeline. It writes each reply as the type that it is; {@link RespVersion#say} converts a reply to what the client's version has. A
     * command of zero or fewer parts ({@code *0}, {@code *-1}) is skipped, as in Redis.
     *
     * <p>It also accepts inline commands, unless {@link RespOptions#inlineCommands} turns them off: words on a line, of any bytes but NUL, with
     * quotes as in Redis. The line may end with a mere LF; empty lines are skipped. A line that begins with {@code POST} or {@code Host:} is HTTP,
     * probably from a browser that was tricked into sending it: the connection ends, so that nothing after it is executed.
     */
    public static Pipeline<Command, Reply> server(RespOptions options) {
        return Pipeline.of(new RespServerCodec(options));
    }
}
