package rill.examples.redis;

import java.io.IOException;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import rill.Future;
import rill.Loop;
import rill.ProtocolException;
import rill.codec.resp.Command;
import rill.codec.resp.Reply;

/**
 * All keys that match, a page at a time: a server is asked for the next page when the caller wants it. In a cluster, one master after the other is
 * visited, each once unless slots change hands. A key that exists all the time is delivered at least once; other keys may be.
 *
 * <pre>
 *            who has which slots?                      its first page, its next page …
 *  LOOKING ────────────────────────▶ a master that has some that were not seen ──┐
 *     ▲  │ all were seen                                                        │ its last page: those slots were seen
 *     │  └────────────▶ over                                                    │ that it had before, and still has
 *     └─────────────────────────────────────────────────────────────────────────┘
 * </pre>
 *
 * <p>A master that joins meanwhile is therefore visited too, one that has taken over for another is visited in its place, and one that has received
 * unseen slots is visited once more. A master that fails to deliver a page is visited again from the beginning.
 *
 * <p><b>Threading:</b> any thread; one page at a time.
 *
 * <p><b>Not guaranteed:</b> that a key is delivered that is just being moved between two masters by itself, since its slot changes hands only when
 * all of its keys have moved. Nor that all keys of a server are delivered that restarts between two pages, without failing one. Nor those of a
 * cluster that is known as one only by {@code CLUSTER SLOTS} if this user may not call that: the server is then taken for a single one.
 */
final class Scan {
    private static final int MOST_VISITS = 5; // of one master

    private final Loop loop;
    private final RedisNodes nodes;
    private final String pattern;
    private final BitSet seen = new BitSet(Slots.COUNT);
    private final Map<SocketAddress, Integer> visits = new HashMap<>();
    private @Nullable SocketAddress visited; // the master whose pages are being asked for
    private BitSet had = new BitSet(); // its slots, when its visit began
    private String cursor = "0";
    private boolean visiting; // not all of its pages have arrived
    private boolean uncertain; // a page did not arrive, so its master may be gone
    private boolean cluster;
    private boolean over;

    Scan(Loop loop, RedisNodes nodes, String pattern) {
        this.loop = loop;
        this.nodes = nodes;
        this.pattern = pattern;
    }

    /**
     * Returns the next page, which may be empty; null at the end. After a failure, the master is visited again from the beginning, or the one that
     * has taken over meanwhile: cursors do not survive a restart of the server.
     */
    Future<@Nullable List<String>> next() {
        return Loop.current() == loop ? goOn() : loop.submit(this::goOn).flatMap(begun -> begun);
    }

    private Future<@Nullable List<String>> goOn() {
        if (over) {
            return loop.done(null);
        }
        if (visiting && !uncertain) {
            return page();
        }
        return nodes.topology().flatMap(now -> {
            look(now);
            return over ? loop.<@Nullable List<String>>done(null) : page();
        });
    }

    /** Decides where to continue. */
    private void look(Topology now) throws IOException {
        cluster = now.cluster();
        uncertain = false;
        if (visited != null) {
            BitSet has = now.of(visited);
            if (visiting && !has.isEmpty()) { // it still exists, but may have restarted
                had = (BitSet) has.clone();
                cursor = "0";
                return;
            }
            if (!visiting) {
                had.and(has);
                seen.or(had);
            }
        }
        visiting = false;
        for (Map.Entry<SocketAddress, BitSet> each : now.masters().entrySet()) {
            BitSet left = (BitSet) each.getValue().clone();
            left.andNot(seen);
            if (!left.isEmpty()) {
                visit(each.getKey(), each.getValue());
                return;
            }
        }
        over = true;
    }

    private void visit(SocketAddress master, BitSet slots) throws IOException {
        int visit = visits.merge(master, 1, Integer::sum);
        if (visit > MOST_VISITS) {
            throw new IOException("slots of the cluster change hands faster than they can be scanned: " + master
                    + " was given more of them in each of " + MOST_VISITS + " visits");
        }
        visited = master;
        had = (BitSet) slots.clone();
        cursor = "0";
        visiting = true;
    }

    private Future<@Nullable List<String>> page() {
        uncertain = true;
        Command command = Command.of("SCAN", cursor, "MATCH", pattern, "COUNT", "100");
        return nodes.callAt(Objects.requireNonNull(visited), command).map(reply -> {
            if (reply.orThrow() instanceof Reply.Array page
                    && page.elements().size() == 2
                    && page.elements().get(1) instanceof Reply.Array keys) {
                cursor = String.valueOf(Reply.text(page.elements().getFirst()));
                uncertain = false;
                visiting = !cursor.equals("0");
                over = !visiting && !cluster;
                List<String> names = new ArrayList<>();
                keys.elements().forEach(key -> names.add(String.valueOf(Reply.text(key))));
                return names;
            }
            throw new ProtocolException("expected a cursor and keys, found " + reply);
        });
    }

    /** Passes every key to {@code action}; done when there are no more. */
    Future<@Nullable Void> forEach(Consumer<? super String> action) {
        return next().flatMap(page -> {
            if (page == null) {
                return loop.<@Nullable Void>done(null);
            }
            page.forEach(action);
            return forEach(action);
        });
    }
}
