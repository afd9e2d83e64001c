package rill.examples.redis;

import java.io.IOException;
import java.net.SocketAddress;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import rill.ProtocolException;
import rill.codec.resp.Reply;

/**
 * Which master has which slots, according to one node of a cluster. A single server has all slots. <b>Source:</b> {@code CLUSTER SLOTS}.
 *
 * @param masters the slots by address, in the order of the reply
 */
record Topology(boolean cluster, Map<SocketAddress, BitSet> masters) {
    /**
     * Parses a reply from this address. A server where this user may not call the command is taken for a single one, unless it is known to belong to
     * a cluster.
     */
    static Topology of(Reply reply, SocketAddress from, boolean ofCluster) throws IOException {
        var masters = new LinkedHashMap<SocketAddress, BitSet>();
        if (Reply.plain(reply) instanceof Reply.Failed failed && meansNone(failed.code(), ofCluster)) {
            masters.put(from, slots(0, Slots.COUNT - 1));
            return new Topology(false, masters);
        }
        if (!(reply.orThrow() instanceof Reply.Array ranges)) {
            throw unexpected(reply);
        }
        for (Reply each : ranges.elements()) {
            if (!(each instanceof Reply.Array range && range.elements().size() >= 3)) {
                throw unexpected(each);
            }
            List<Reply> told = range.elements();
            BitSet slots = slots(number(told.get(0), Slots.COUNT - 1), number(told.get(1), Slots.COUNT - 1));
            masters.computeIfAbsent(node(told.get(2), from), fresh -> new BitSet())
                    .or(slots);
        }
        return new Topology(true, masters);
    }

    /** ERR: it is a single server, or does not know the command. */
    private static boolean meansNone(String code, boolean ofCluster) {
        return code.equals("ERR") || (code.equals("NOPERM") && !ofCluster);
    }

    private static SocketAddress node(Reply told, SocketAddress from) throws ProtocolException {
        if (told instanceof Reply.Array node && node.elements().size() >= 2) {
            String host = Reply.text(node.elements().getFirst());
            return Redirection.node(host, number(node.elements().get(1), 0xFFFF), from);
        }
        throw unexpected(told);
    }

    private static int number(Reply told, int most) throws ProtocolException {
        if (told instanceof Reply.Int number && number.number() >= 0 && number.number() <= most) {
            return (int) number.number();
        }
        throw unexpected(told);
    }

    private static BitSet slots(int first, int last) {
        var slots = new BitSet(Slots.COUNT);
        slots.set(first, last + 1);
        return slots;
    }

    private static ProtocolException unexpected(Reply reply) {
        return new ProtocolException("expected which node has which slots, found " + reply);
    }

    /** Returns the slots of a node; none if it is not a master. */
    BitSet of(SocketAddress node) {
        return masters.getOrDefault(node, new BitSet());
    }
}
