package rill.examples.redis;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import rill.ClientProtocol;
import rill.Future;
import rill.Loop;
import rill.Pool;
import rill.PoolOptions;
import rill.PoolState;
import rill.Promise;
import rill.codec.resp.Command;
import rill.codec.resp.Reply;

/**
 * The servers of a {@link RedisClient}: the one that it was given, and those of its cluster that answers have named. A pool of one connection for
 * each, which keeps commands in order. That of the first is made again when it was lost, that of another when it is needed. Confined to the loop.
 *
 * <pre>
 *  call ──▶ the node of its slot, or the first ──▶ the answer
 *              ▲    ▲                               │ MOVED: the slot is there from now on
 *              │    └───────────────────────────────┤
 *              └── with ASKING, this once ◀─────────┘ ASK
 * </pre>
 */
final class RedisNodes {
    private static final Set<String> READS =
            Set.of("EXISTS", "GET", "HGET", "HGETALL", "LRANGE", "MGET", "PING", "TTL", "TYPE");

    /** What has no key, and may concern the server that is asked: its first argument says nothing of a slot. */
    private static final Set<String> KEYLESS = Set.of(
            "ACL",
            "BGREWRITEAOF",
            "BGSAVE",
            "CLIENT",
            "CLUSTER",
            "COMMAND",
            "CONFIG",
            "DBSIZE",
            "ECHO",
            "FLUSHALL",
            "FLUSHDB",
            "FUNCTION",
            "HELLO",
            "INFO",
            "KEYS",
            "LASTSAVE",
            "LATENCY",
            "MIGRATE",
            "MODULE",
            "PING",
            "PUBLISH",
            "PUBSUB",
            "SCAN",
            "SCRIPT",
            "SLOWLOG",
            "TIME",
            "WAIT");

    /** More of them in a row mean that the cluster contradicts itself. */
    private static final int MOST_REDIRECTIONS = 5;

    private static final int SLOTS = 16384;
    private static final int NO_SLOT = -1;

    private static final PoolOptions OPTIONS =
            PoolOptions.defaults().probe(Duration.ofSeconds(30), Duration.ofSeconds(5));

    private final Loop loop;
    private final SocketAddress first;
    private final ClientProtocol<List<Command>, List<Reply>> protocol;
    private final Map<SocketAddress, Pool<List<Command>, List<Reply>>> pools = new HashMap<>();
    private final Map<Integer, SocketAddress> bySlot = new HashMap<>();
    private boolean closed;

    RedisNodes(Loop loop, SocketAddress first, ClientProtocol<List<Command>, List<Reply>> protocol) {
        this.loop = loop;
        this.first = first;
        this.protocol =
                protocol.probe(pool -> pool.call(List.of(Command.of("PING")))).idempotent(RedisNodes::changesNothing);
    }

    /** What may be tried again although it was perhaps carried out. */
    private static boolean changesNothing(List<Command> batch) {
        return batch.size() == 1 && READS.contains(batch.getFirst().name());
    }

    /** Done when the first is connected; fails with what prevents that. */
    Future<@Nullable Void> connect() {
        Promise<@Nullable Void> connected = loop.promise();
        connected.onCancel(this::close);
        pools.put(first, loop.pool(first, protocol, OPTIONS.onState(state -> tell(state, connected))));
        return connected;
    }

    private void tell(PoolState state, Promise<@Nullable Void> connected) {
        forget(first, state);
        if (state instanceof PoolState.Ready) {
            connected.complete(null);
        } else if (state instanceof PoolState.Failing failing && connected.fail(failing.why())) {
            close(); // it was never there, so nobody waits for it to come back
        }
    }

    /** A reply for each command; what says that they belong elsewhere is followed. What would change the connection is refused. */
    Future<List<Reply>> call(List<Command> batch) {
        try {
            ConnectionBound.refuse(batch);
        } catch (IllegalArgumentException refused) {
            return loop.failed(refused);
        }
        return call(batch, nodeOf(batch), false, MOST_REDIRECTIONS);
    }

    /** Of the first, and of no other: where answers are worth something only to the server that has given them. */
    Future<Reply> callFirst(Command command) {
        return call(List.of(command), first, false, 0).map(List::getFirst);
    }

    private SocketAddress nodeOf(List<Command> batch) {
        SocketAddress node = bySlot.isEmpty() ? null : bySlot.get(slot(batch));
        return node == null ? anyNode() : node;
    }

    /** One that knows where things are: the first, unless that is gone and another is not. */
    private SocketAddress anyNode() {
        Pool<?, ?> usual = pools.get(first);
        if (usual != null && usual.state() instanceof PoolState.Failing) {
            for (Map.Entry<SocketAddress, ? extends Pool<?, ?>> each : pools.entrySet()) {
                if (each.getValue().state() instanceof PoolState.Ready) {
                    return each.getKey();
                }
            }
        }
        return first;
    }

    private Future<List<Reply>> call(List<Command> batch, SocketAddress node, boolean asking, int left) {
        if (closed) {
            return loop.failed(new IllegalStateException("the client is closed"));
        }
        List<Command> sent = new ArrayList<>(batch);
        if (asking) {
            sent.addFirst(Command.of("ASKING"));
        }
        return pool(node).call(List.copyOf(sent)).flatMap(answer -> {
            List<Reply> replies = asking ? answer.subList(1, answer.size()) : answer;
            return left == 0 ? loop.done(replies) : followed(batch, replies, node, left);
        });
    }

    /** A transaction is carried out whole or not at all, and so it is sent elsewhere whole; of other batches those commands that were sent away. */
    private Future<List<Reply>> followed(List<Command> batch, List<Reply> replies, SocketAddress node, int left) {
        boolean aborted = Reply.plain(replies.getLast()) instanceof Reply.Failed failed
                && failed.code().equals("EXECABORT");
        if (batch.size() == 1 || aborted) {
            Redirection elsewhere = Redirection.of(replies, node);
            return elsewhere == null ? loop.done(replies) : follow(elsewhere, batch, left);
        }
        List<Future<Reply>> parts = new ArrayList<>();
        boolean redirected = false;
        for (int i = 0; i < batch.size(); i++) {
            List<Reply> one = List.of(replies.get(i));
            Redirection elsewhere = Redirection.of(one, node);
            redirected |= elsewhere != null;
            parts.add(
                    elsewhere == null
                            ? loop.done(replies.get(i))
                            : follow(elsewhere, List.of(batch.get(i)), left).map(List::getFirst));
        }
        return redirected ? Future.all(parts) : loop.done(replies);
    }

    private Future<List<Reply>> follow(Redirection elsewhere, List<Command> batch, int left) {
        if (elsewhere.moved()) {
            bySlot.put(elsewhere.slot(), elsewhere.node());
        }
        return call(batch, elsewhere.node(), !elsewhere.moved(), left - 1);
    }

    private Pool<List<Command>, List<Reply>> pool(SocketAddress node) {
        return pools.computeIfAbsent(
                node,
                address ->
                        loop.pool(address, protocol, OPTIONS.connections(0, 1).onState(state -> {
                            forget(address, state);
                            endIfIdle(address);
                        })));
    }

    /** A node that is gone may be gone for good, so nothing is kept of it: an answer names it if it comes back. */
    private void endIfIdle(SocketAddress node) {
        Pool<?, ?> pool = pools.get(node);
        if (pool != null && pool.state() instanceof PoolState.Idle) {
            pools.remove(node);
            bySlot.values().removeIf(node::equals);
            pool.close();
        }
    }

    /** Another may have what a node had that is gone. */
    private void forget(SocketAddress node, PoolState state) {
        if (state instanceof PoolState.Failing) {
            bySlot.values().removeIf(node::equals);
        }
    }

    void close() {
        closed = true;
        pools.values().forEach(Pool::close);
    }

    // ---- slots

    /**
     * Where the first key of a batch belongs, or {@link #NO_SLOT}; a guess for commands whose keys come later, which a redirection corrects.
     */
    private static int slot(List<Command> batch) {
        for (Command each : batch) {
            if (each.size() > 1 && !KEYLESS.contains(each.name())) {
                return slot(each.bytes(each.name().startsWith("EVAL") ? Math.min(3, each.size() - 1) : 1));
            }
        }
        return NO_SLOT;
    }

    /** Of what is between braces, if something is: so keys can be kept together. <b>Source:</b> Redis cluster specification. */
    static int slot(byte[] key) {
        int from = 0;
        int to = key.length;
        int open = indexOf(key, '{', 0);
        int close = open < 0 ? -1 : indexOf(key, '}', open + 1);
        if (close > open + 1) {
            from = open + 1;
            to = close;
        }
        int crc = 0;
        for (int i = from; i < to; i++) {
            crc ^= (key[i] & 0xFF) << 8;
            for (int bit = 0; bit < 8; bit++) {
                crc = (crc & 0x8000) == 0 ? crc << 1 : (crc << 1) ^ 0x1021;
            }
        }
        return crc & (SLOTS - 1);
    }

    private static int indexOf(byte[] bytes, char wanted, int from) {
        for (int i = from; i < bytes.length; i++) {
            if (bytes[i] == wanted) {
                return i;
            }
        }
        return -1;
    }

    /**
     * What a cluster says if it is not there: {@code MOVED 3999 127.0.0.1:6381}, or {@code ASK} while a slot is on its way.
     *
     * @param moved for good
     */
    record Redirection(boolean moved, int slot, SocketAddress node) {
        /** The first in an answer; null if there is none. An {@code ASK} within several commands can't be followed: it holds for one. */
        static @Nullable Redirection of(List<Reply> replies, SocketAddress from) {
            for (Reply each : replies) {
                if (Reply.plain(each) instanceof Reply.Failed failed) {
                    boolean asked = failed.code().equals("ASK") && replies.size() == 1;
                    String[] words = failed.message().split(" ", -1);
                    if ((asked || failed.code().equals("MOVED")) && words.length == 3) {
                        return read(!asked, words, from);
                    }
                }
            }
            return null;
        }

        private static @Nullable Redirection read(boolean moved, String[] words, SocketAddress from) {
            int colon = words[2].lastIndexOf(':');
            String host = words[2].substring(0, Math.max(colon, 0));
            String port = words[2].substring(colon + 1);
            if (!isAtMost(SLOTS - 1, words[1]) || !isAtMost(0xFFFF, port) || colon < 0) {
                return null;
            }
            if (host.isEmpty() && from instanceof InetSocketAddress same) {
                host = same.getHostString(); // it does not know its own
            }
            SocketAddress node = InetSocketAddress.createUnresolved(host, Integer.parseInt(port));
            return new Redirection(moved, Integer.parseInt(words[1]), node);
        }

        private static boolean isAtMost(int most, String number) {
            return number.matches("[0-9]{1,5}") && Integer.parseInt(number) <= most;
        }
    }
}
