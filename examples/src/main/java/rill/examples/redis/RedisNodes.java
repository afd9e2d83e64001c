package rill.examples.redis;

import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import rill.CallFailedException;
import rill.CallFailedException.Fate;
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
 * The servers of a {@link RedisClient}: the one that it was created with, and those of its cluster that replies have named. Each has a pool of one
 * connection, which keeps commands in order. The connection to the first server is replaced when it is lost, one to another server when it is needed.
 * Confined to the loop.
 *
 * <pre>
 *  call ──▶ the node of its slot, or the first ──▶ the answer, part by part
 *              ▲    ▲    ▲                          │ MOVED: the slot is there from now on
 *              │    │    └──────────────────────────┤
 *              │    └── with ASKING, this once ◀────┤ ASK
 *              └── after a pause ◀──────────────────┘ TRYAGAIN, or to a node that fails
 * </pre>
 *
 * <p>A transaction is one part: one node executes it, or none does.
 */
final class RedisNodes {
    /** Without SCAN: the cursors of one server mean nothing to another, nor to the same server after a restart. */
    private static final Set<String> READS =
            Set.of("EXISTS", "GET", "HGET", "HGETALL", "LRANGE", "MGET", "PING", "TTL", "TYPE");

    /** More redirections in a row mean that the cluster contradicts itself. */
    private static final int MOST_REDIRECTIONS = 5;

    /** How often a command is tried while only some of its keys have moved: moving a slot takes as long as moving its keys. */
    private static final int MOST_TRIES = 8;

    private static final Duration FIRST_PAUSE =
            Duration.ofMillis(20); // before the second try; doubled before each further one
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(1);
    private static final double JITTER = 0.2;

    /** The time for a call, with all of its redirections and tries. */
    private static final Duration DEADLINE = Duration.ofSeconds(60);

    private static final PoolOptions OPTIONS =
            PoolOptions.defaults().probe(Duration.ofSeconds(30), Duration.ofSeconds(5));

    private final Loop loop;
    private final SocketAddress first;
    private final ClientProtocol<List<Command>, List<Reply>> protocol;
    private final Map<SocketAddress, Pool<List<Command>, List<Reply>>> pools = new HashMap<>();
    private final Map<Integer, SocketAddress> bySlot = new HashMap<>();
    private boolean cluster; // a node has said that it belongs to one
    private boolean closed;

    RedisNodes(Loop loop, SocketAddress first, ClientProtocol<List<Command>, List<Reply>> protocol) {
        this.loop = loop;
        this.first = first;
        this.protocol = protocol.deadline(DEADLINE)
                .probe(pool -> pool.call(List.of(Command.of("PING"))))
                .idempotent(RedisNodes::changesNothing);
    }

    /** Whether a batch may be tried again even if it was perhaps executed. */
    private static boolean changesNothing(List<Command> batch) {
        return batch.size() == 1 && READS.contains(batch.getFirst().name());
    }

    /** Done when the first server is connected; fails with the cause if it can't be. */
    Future<@Nullable Void> connect() {
        Promise<@Nullable Void> connected = loop.promise();
        connected.onCancel(this::close);
        pools.put(first, loop.pool(first, protocol, OPTIONS.onState(state -> tell(state, connected))));
        return connected;
    }

    private void tell(PoolState state, Promise<@Nullable Void> connected) {
        if (state instanceof PoolState.Ready) {
            connected.complete(null);
        } else if (state instanceof PoolState.Failing failing && connected.fail(failing.why())) {
            close(); // it was never connected, so nobody waits for it to come back
        }
    }

    /** Returns when a call that is made now is late. Any thread. */
    long due() {
        return loop.nanoTime() + DEADLINE.toNanos();
    }

    /** Returns a reply for each command, and follows redirections. Commands that would change the connection are refused. */
    Future<List<Reply>> call(List<Command> batch, long due) {
        try {
            ConnectionBound.refuse(batch);
        } catch (IllegalArgumentException refused) {
            return loop.failed(refused);
        }
        return call(batch, nodeOf(batch), false, MOST_REDIRECTIONS, 1, due);
    }

    /** Calls this server and no other, for commands whose reply only means something to the same server. */
    Future<Reply> callAt(SocketAddress node, Command command) {
        return sent(List.of(command), node, due()).map(List::getFirst);
    }

    /** Returns which master has which slots, according to a node that should know. */
    Future<Topology> topology() {
        SocketAddress asked = anyNode();
        return callAt(asked, Command.of("CLUSTER", "SLOTS")).map(reply -> {
            Topology told = Topology.of(reply, asked, cluster);
            cluster |= told.cluster();
            return told;
        });
    }

    private SocketAddress nodeOf(List<Command> batch) {
        SocketAddress node = bySlot.isEmpty() ? null : bySlot.get(Slots.of(batch));
        return node == null || isFailing(node) ? anyNode() : node;
    }

    /** A cluster names a master that is gone until another one has taken over: meanwhile others are asked, again and again. */
    private boolean isFailing(SocketAddress node) {
        Pool<?, ?> pool = pools.get(node);
        return pool != null && pool.state() instanceof PoolState.Failing;
    }

    /** Returns a node that knows the cluster: the first one, unless it is failing and another is not. */
    private SocketAddress anyNode() {
        if (isFailing(first)) {
            for (Map.Entry<SocketAddress, ? extends Pool<?, ?>> each : pools.entrySet()) {
                if (each.getValue().state() instanceof PoolState.Ready) {
                    return each.getKey();
                }
            }
        }
        return first;
    }

    private Future<List<Reply>> sent(List<Command> batch, SocketAddress node, long due) {
        return closed
                ? loop.failed(new IllegalStateException("the client is closed"))
                : pool(node).call(List.copyOf(batch), Duration.ofNanos(due - loop.nanoTime()));
    }

    /**
     * Sends the batch, and each part that belongs elsewhere to its node.
     *
     * @param left how many more redirections are followed
     * @param tries how often parts that nobody could carry out yet were tried, including this time
     */
    private Future<List<Reply>> call(
            List<Command> batch, SocketAddress node, boolean asking, int left, int tries, long due) {
        List<Command> sent = new ArrayList<>(batch);
        if (asking) {
            sent.addFirst(Command.of("ASKING"));
        }
        return sent(sent, node, due).flatMap(answer -> {
            List<Reply> replies = asking ? answer.subList(1, answer.size()) : answer;
            List<Future<List<Reply>>> parts = new ArrayList<>();
            boolean done = true;
            for (Part each : Part.of(batch, replies)) {
                Future<List<Reply>> again = again(each, node, left, tries, due);
                done &= again == null;
                parts.add(again == null ? loop.done(each.replies()) : again);
            }
            if (done) {
                return loop.done(replies);
            }
            Future<List<Reply>> all = Future.all(parts).map(RedisNodes::joined);
            return parts.size() == 1 ? all : all.recoverWith(failure -> loop.failed(partly(failure)));
        });
    }

    /** One part may never have been sent, but others were executed. */
    private static Throwable partly(Throwable failure) {
        return failure instanceof CallFailedException
                ? new CallFailedException(
                        Fate.PERHAPS_CARRIED_OUT,
                        "a part of the batch was carried out: " + failure.getMessage(),
                        failure)
                : failure;
    }

    private static List<Reply> joined(List<List<Reply>> parts) {
        return parts.stream().flatMap(List::stream).toList();
    }

    /** Returns the replies of a part that is sent elsewhere, or again later; null if its replies are final. */
    private @Nullable Future<List<Reply>> again(Part part, SocketAddress from, int left, int tries, long due) {
        Redirection elsewhere = part.elsewhere(from);
        boolean inVain = elsewhere != null && isFailing(elsewhere.node());
        if (elsewhere != null && !inVain) {
            return left == 0 ? null : follow(elsewhere, part.commands(), left, tries, due);
        }
        if (!inVain && (!part.isSplit() || tries >= MOST_TRIES)) {
            return null;
        }
        Duration pause = pause(tries);
        Duration toDeadline = Duration.ofNanos(Math.max(0, due - loop.nanoTime()));
        return loop.delay(pause.compareTo(toDeadline) < 0 ? pause : toDeadline)
                .flatMap(over ->
                        call(part.commands(), nodeOf(part.commands()), false, MOST_REDIRECTIONS, tries + 1, due));
    }

    private Future<List<Reply>> follow(Redirection elsewhere, List<Command> batch, int left, int tries, long due) {
        cluster = true;
        if (elsewhere.moved()) {
            bySlot.put(elsewhere.slot(), elsewhere.node());
        }
        return call(batch, elsewhere.node(), !elsewhere.moved(), left - 1, tries, due);
    }

    private Duration pause(int tries) {
        double nanos = Math.min(FIRST_PAUSE.toNanos() * Math.pow(2, tries - 1), (double) LONGEST_PAUSE.toNanos());
        double jitter = 1 - JITTER + 2 * JITTER * loop.random().nextDouble();
        return Duration.ofNanos((long) (nanos * jitter));
    }

    private Pool<List<Command>, List<Reply>> pool(SocketAddress node) {
        return pools.computeIfAbsent(
                node,
                address ->
                        loop.pool(address, protocol, OPTIONS.connections(0, 1).onState(state -> endIfIdle(address))));
    }

    /** A node without a connection may be gone for good, so nothing is kept of it; a reply names it if it comes back. */
    private void endIfIdle(SocketAddress node) {
        Pool<?, ?> pool = pools.get(node);
        if (pool != null && pool.state() instanceof PoolState.Idle) {
            pools.remove(node);
            bySlot.values().removeIf(node::equals);
            pool.close();
        }
    }

    void close() {
        closed = true;
        pools.values().forEach(Pool::close);
    }
}
