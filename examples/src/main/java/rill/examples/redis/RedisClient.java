package rill.examples.redis;

import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import rill.Future;
import rill.Loop;
import rill.ProtocolException;
import rill.codec.resp.Command;
import rill.codec.resp.Hello;
import rill.codec.resp.Reply;
import rill.codec.resp.Resp;
import rill.codec.resp.RespException;
import rill.codec.resp.RespOptions;
import rill.codec.resp.RespVersion;

/**
 * A Redis client: commands, transactions, scripts, scans, blocking commands, and subscriptions that survive their connection; for one server, or for
 * a cluster, whose redirections it follows. It is merely a facade over the public API.
 *
 * <p><b>Threading:</b> any thread; {@link Subscriptions} on the loop.
 *
 * <p><b>Errors:</b> an error reply becomes a {@link RespException}. A call without a reply fails as a call of a {@link rill.Pool} does: calls wait
 * while nothing is connected, within their deadlines, and those that were never sent are tried again.
 */
final class RedisClient implements AutoCloseable {
    private final Loop loop;
    private final SocketAddress address;
    private final Hello hello;
    private final RedisNodes nodes;
    private final BlockingCalls blocking;
    private final List<Subscriptions> subscriptions = new ArrayList<>();
    private boolean closed; // on the loop

    private RedisClient(Loop loop, SocketAddress address, Hello hello) {
        this.loop = loop;
        this.address = address;
        this.hello = hello;
        this.nodes = new RedisNodes(loop, address, Resp.batches(hello, RespOptions.defaults()));
        this.blocking = new BlockingCalls(loop, address, Resp.client(hello));
    }

    /** Connects and says hello; fails if that fails. Once connected, the client reconnects on its own. */
    static Future<RedisClient> connect(Loop loop, SocketAddress address, Hello hello) {
        var client = new RedisClient(loop, address, hello);
        return client.onLoop(() -> client.nodes.connect().map(connected -> client));
    }

    private <T extends @Nullable Object> Future<T> onLoop(Supplier<Future<T>> work) {
        return Loop.current() == loop ? work.get() : loop.submit(work::get).flatMap(begun -> begun);
    }

    // ---- commands

    /**
     * Calls any command that has one reply; an error reply is a failure. Commands with an effect on the connection ({@code SELECT}, {@code AUTH},
     * {@code WATCH}, a {@code MULTI} by itself) fail with an {@link IllegalArgumentException}, here and in a batch, because connections are shared
     * and replaced.
     */
    Future<Reply> call(Command command) {
        return nodesCall(List.of(command)).map(replies -> replies.getFirst().orThrow());
    }

    /**
     * Sends several commands together, on one connection, and returns all replies, including errors. In a cluster, commands that belong elsewhere are
     * executed there, after the others. If order matters, keep the keys together, and out of slots that are just being moved.
     */
    Future<List<Reply>> batch(List<Command> commands) {
        return nodesCall(List.copyOf(commands));
    }

    /** The time for the call begins now, on whatever thread. */
    private Future<List<Reply>> nodesCall(List<Command> commands) {
        long due = nodes.due();
        return onLoop(() -> nodes.call(commands, due));
    }

    Future<@Nullable String> get(String key) {
        return call(Command.of("GET", key)).map(Reply::text);
    }

    Future<@Nullable Void> set(String key, String value) {
        return call(Command.of("SET", key, value)).map(ok -> null);
    }

    Future<Boolean> delete(String key) {
        return call(Command.of("DEL", key)).map(number -> number.equals(Reply.of(1)));
    }

    Future<Long> increment(String key) {
        return call(Command.of("INCR", key)).map(RedisClient::number);
    }

    /** Returns a hash in either protocol version: in RESP 2 the reply is an array. */
    Future<Map<String, String>> hash(String key) {
        return call(Command.of("HGETALL", key)).map(reply -> {
            List<Reply> elements = switch (reply) {
                case Reply.Map map -> map.elements();
                case Reply.Array array -> array.elements();
                default -> throw unexpected(reply);
            };
            var fields = new LinkedHashMap<String, String>();
            for (int i = 0; i + 1 < elements.size(); i += 2) {
                fields.put(
                        String.valueOf(Reply.text(elements.get(i))), String.valueOf(Reply.text(elements.get(i + 1))));
            }
            return fields;
        });
    }

    private static long number(Reply reply) throws ProtocolException {
        if (reply instanceof Reply.Int number) {
            return number.number();
        }
        throw unexpected(reply);
    }

    private static ProtocolException unexpected(Reply reply) {
        return new ProtocolException("an answer of another kind than its command has: " + reply);
    }

    // ---- more than one command

    /**
     * Executes all of these commands or none, with nothing in between, as one call. In a cluster, a single node executes all of them, or none are
     * executed. If their slot has moved, or is being moved, they follow it together; while only some of their keys have moved, they are sent again
     * for a few seconds.
     *
     * @return the replies, some of which may be errors: a command that fails during execution undoes nothing. Fails if one of the commands was
     *     refused beforehand, in which case none was executed; and if the server refuses {@code MULTI}, as an access control list may demand: then it
     *     has executed them one by one
     */
    Future<List<Reply>> transaction(Command... commands) {
        List<Command> all = new ArrayList<>();
        all.add(Command.of("MULTI"));
        all.addAll(List.of(commands));
        all.add(Command.of("EXEC"));
        return batch(all).map(replies -> {
            replies.getFirst().orThrow();
            Reply outcome = Reply.plain(replies.getLast());
            if (outcome instanceof Reply.Array done) {
                return done.elements();
            }
            try {
                throw unexpected(outcome.orThrow());
            } catch (RespException aborted) {
                for (Reply each : replies.subList(0, replies.size() - 1)) {
                    noteRefusal(each, aborted);
                }
                throw aborted;
            }
        });
    }

    private static void noteRefusal(Reply reply, RespException aborted) {
        try {
            reply.orThrow();
        } catch (RespException refused) {
            aborted.addSuppressed(refused); // the reason
        }
    }

    /** Runs a script by its hash, and sends its text only if the server does not know that. */
    Future<Reply> run(Script script, List<String> keys, String... arguments) {
        List<Command> byName = List.of(script("EVALSHA", script.sha(), keys, arguments));
        long due = nodes.due();
        return onLoop(() -> nodes.call(byName, due).flatMap(replies -> {
                    boolean unknown = Reply.plain(replies.getFirst()) instanceof Reply.Failed failed
                            && failed.code().equals("NOSCRIPT");
                    return unknown
                            ? nodes.call(List.of(script("EVAL", script.text(), keys, arguments)), due)
                            : loop.done(replies);
                }))
                .map(replies -> replies.getFirst().orThrow());
    }

    private static Command script(String how, String what, List<String> keys, String... arguments) {
        List<String> parts = new ArrayList<>(List.of(how, what, String.valueOf(keys.size())));
        parts.addAll(keys);
        parts.addAll(List.of(arguments));
        return Command.of(parts.toArray(String[]::new));
    }

    /** Returns all keys that match, as a stream; for a cluster, those of one master after the other. */
    Scan scan(String pattern) {
        return new Scan(loop, nodes, pattern);
    }

    /**
     * Calls a command that waits at the server, such as {@code BLPOP}, on its own connection. Give the command a timeout that is shorter than
     * {@code atMost}, after which its connection is given up. The time to connect counts.
     */
    Future<Reply> block(Command command, Duration atMost) {
        long begun = loop.nanoTime();
        return onLoop(() -> blocking.call(command, atMost, begun)).map(Reply::orThrow);
    }

    /** Opens subscriptions on their own connection, which is replaced whenever it is lost. On the loop. */
    Subscriptions subscriptions(Subscriptions.Receiver receiver) {
        if (closed) {
            throw new IllegalStateException("the client is closed");
        }
        subscriptions.removeIf(Subscriptions::isOver);
        var made = new Subscriptions(loop, address, hello, receiver);
        subscriptions.add(made);
        return made;
    }

    /** Returns how many subscriptions it keeps. */
    int open() {
        return subscriptions.size();
    }

    /** Returns the protocol version in use. */
    RespVersion version() {
        return hello.version();
    }

    /** Closes every connection in order; calls without a reply fail. A no-op if the loop is closed, which has closed them. */
    @Override
    public void close() {
        try {
            loop.execute(() -> {
                closed = true;
                nodes.close();
                blocking.close();
                subscriptions.forEach(Subscriptions::close);
            });
        } catch (RejectedExecutionException e) {
            // The loop is closed.
        }
    }
}
