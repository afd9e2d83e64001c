package rill.examples.redis;

import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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
 * A Redis client: commands, transactions, scripts, scans, commands that block, and subscriptions that survive their connection; for one server, or
 * for a cluster, whose redirections it follows. A facade over the public API, no more.
 *
 * <p><b>Threading:</b> any thread; {@link Subscriptions} on the loop.
 *
 * <p><b>Errors:</b> what the server answers with an error is a {@link RespException}; what has no answer fails as a call of a
 * {@link rill.Pool} does: calls wait while nothing is connected, within their deadlines, and what was never sent is tried again.
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
        this.blocking = new BlockingCalls(loop, address, Resp.client(hello).naming(Command::name));
    }

    /** Connects, and says hello; fails if that fails. Once it was connected, it comes back by itself. */
    static Future<RedisClient> connect(Loop loop, SocketAddress address, Hello hello) {
        var client = new RedisClient(loop, address, hello);
        return client.onLoop(() -> client.nodes.connect().map(connected -> client));
    }

    private <T extends @Nullable Object> Future<T> onLoop(Supplier<Future<T>> work) {
        return Loop.current() == loop ? work.get() : loop.submit(work::get).flatMap(begun -> begun);
    }

    // ---- commands

    /**
     * Any command that has one answer; an error is a failure. What belongs to a connection ({@code SELECT}, {@code AUTH}, {@code WATCH}, a {@code MULTI}
     * by itself) fails with an {@link IllegalArgumentException}, here and in a batch: connections are shared, and come and go.
     */
    Future<Reply> call(Command command) {
        return onLoop(() ->
                nodes.call(List.of(command)).map(replies -> replies.getFirst().orThrow()));
    }

    /**
     * Several commands that leave together, on one connection: the replies, whatever of them are errors. In a cluster, those that belong elsewhere are
     * carried out there, after the others: of what has to be in order, keep the keys together, and out of slots that are just being moved.
     */
    Future<List<Reply>> batch(List<Command> commands) {
        return onLoop(() -> nodes.call(List.copyOf(commands)));
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

    /** A hash, whichever version is spoken: RESP 2 has an array for it. */
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
     * All of these commands or none, with nothing between them, as one call. In a cluster, one node carries out all of them, or none does: where their slot
     * has moved, or is being moved, they follow it together, and while some of their keys are on either side they are sent again for a few seconds.
     *
     * @return their replies, some of which may be errors: what fails when it is carried out undoes nothing. Fails if one of them was refused
     *     beforehand, and then none was carried out; also if the server refuses {@code MULTI}, which an access control list may say: then
     *     it has carried them out one by one
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
            aborted.addSuppressed(refused); // why
        }
    }

    /** Runs a script: by its name, and only if the server does not know that, as a whole. */
    Future<Reply> run(Script script, List<String> keys, String... arguments) {
        List<Command> byName = List.of(script("EVALSHA", script.sha(), keys, arguments));
        return onLoop(() -> nodes.call(byName).flatMap(replies -> {
                    boolean unknown = Reply.plain(replies.getFirst()) instanceof Reply.Failed failed
                            && failed.code().equals("NOSCRIPT");
                    return unknown
                            ? nodes.call(List.of(script("EVAL", script.text(), keys, arguments)))
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

    /** All keys that match, as a stream; of a cluster, those of each master in turn. */
    Scan scan(String pattern) {
        return new Scan(loop, nodes, pattern);
    }

    /**
     * A command that waits at the server, such as {@code BLPOP}, on a connection of its own. Let the command have a timeout of its own that is
     * shorter than {@code atMost}: after that its connection is given up. Connecting counts.
     */
    Future<Reply> block(Command command, Duration atMost) {
        return onLoop(() -> blocking.call(command, atMost)).map(Reply::orThrow);
    }

    /** Subscriptions, on a connection of their own, which is made again whenever it was lost. On the loop. */
    Subscriptions subscriptions(Subscriptions.Receiver receiver) {
        if (closed) {
            throw new IllegalStateException("the client is closed");
        }
        subscriptions.removeIf(Subscriptions::isOver);
        var made = new Subscriptions(loop, address, hello, receiver);
        subscriptions.add(made);
        return made;
    }

    /** How many subscriptions it keeps. */
    int open() {
        return subscriptions.size();
    }

    /** What is spoken. */
    RespVersion version() {
        return hello.version();
    }

    /** Closes every connection, in good order; what has no answer fails. */
    @Override
    public void close() {
        loop.execute(() -> {
            closed = true;
            nodes.close();
            blocking.close();
            subscriptions.forEach(Subscriptions::close);
        });
    }
}
