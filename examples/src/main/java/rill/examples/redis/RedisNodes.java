package rill.examples.redis;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import rill.Client;
import rill.ClientProtocol;
import rill.Future;
import rill.Loop;
import rill.codec.resp.Command;
import rill.codec.resp.Reply;

/**
 * The servers of a {@link RedisClient}: the one that it was given, and those of its cluster that answers have named. A connection to each, made
 * when it is needed and again when it has ended. Confined to the loop.
 *
 * <pre>
 *  call ──▶ the node of its slot, or the first ──▶ the answer
 *              ▲    ▲                               │ MOVED: the slot is there from now on
 *              │    └───────────────────────────────┤
 *              └── with ASKING, this once ◀─────────┘ ASK
 * </pre>
 */
final class RedisNodes {
    /** More of them in a row mean that the cluster contradicts itself. */
    private static final int MOST_REDIRECTIONS = 5;

    private final Loop loop;
    private final SocketAddress first;
    private final ClientProtocol<List<Command>, List<Reply>> protocol;
    private final Map<SocketAddress, Future<Client<List<Command>, List<Reply>>>> clients = new HashMap<>();
    private final Map<Integer, SocketAddress> bySlot = new HashMap<>();
    private boolean closed;

    RedisNodes(Loop loop, SocketAddress first, ClientProtocol<List<Command>, List<Reply>> protocol) {
        this.loop = loop;
        this.first = first;
        this.protocol = protocol;
    }

    /** Connects to the first, if that has not been done. */
    Future<Client<List<Command>, List<Reply>>> connect() {
        return node(first);
    }

    /** A reply for each command; what says that they belong elsewhere is followed. */
    Future<List<Reply>> call(List<Command> batch) {
        SocketAddress node = bySlot.isEmpty() ? first : bySlot.getOrDefault(slot(batch), first);
        return call(batch, node, false, MOST_REDIRECTIONS);
    }

    private Future<List<Reply>> call(List<Command> batch, SocketAddress node, boolean asking, int left) {
        List<Command> sent = new ArrayList<>(batch);
        if (asking) {
            sent.addFirst(Command.of("ASKING"));
        }
        return node(node).flatMap(client -> client.call(List.copyOf(sent))).flatMap(answer -> {
            List<Reply> replies = asking ? answer.subList(1, answer.size()) : answer;
            Redirection elsewhere = left == 0 ? null : Redirection.of(replies, node);
            if (elsewhere == null) {
                return loop.done(replies);
            }
            if (elsewhere.moved()) {
                bySlot.put(elsewhere.slot(), elsewhere.node());
            }
            return call(batch, elsewhere.node(), !elsewhere.moved(), left - 1);
        });
    }

    private Future<Client<List<Command>, List<Reply>>> node(SocketAddress address) {
        if (closed) {
            return loop.failed(new IllegalStateException("the client is closed"));
        }
        Future<Client<List<Command>, List<Reply>>> known = clients.get(address);
        if (known != null && (!known.isDone() || isOpen(known))) {
            return known;
        }
        Future<Client<List<Command>, List<Reply>>> made = loop.connect(address, protocol);
        clients.put(address, made);
        return made;
    }

    private static boolean isOpen(Future<Client<List<Command>, List<Reply>>> done) {
        return done.failure() == null && done.result().isOpen();
    }

    void close() {
        closed = true;
        clients.values()
                .forEach(each -> each.onDone((client, failure) -> {
                    if (client != null) {
                        client.close();
                    }
                }));
    }

    // ---- slots

    /** Where the first key of a batch belongs; a guess for commands whose keys come later, which a redirection corrects. */
    private static int slot(List<Command> batch) {
        for (Command each : batch) {
            if (each.size() > 1) {
                return slot(each.bytes(each.name().startsWith("EVAL") ? Math.min(3, each.size() - 1) : 1));
            }
        }
        return 0;
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
        return crc & 0x3FFF;
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
            if (!words[1].matches("[0-9]{1,5}") || !port.matches("[0-9]{1,5}") || colon < 0) {
                return null;
            }
            if (host.isEmpty() && from instanceof InetSocketAddress same) {
                host = same.getHostString(); // it does not know its own
            }
            SocketAddress node = InetSocketAddress.createUnresolved(host, Integer.parseInt(port));
            return new Redirection(moved, Integer.parseInt(words[1]), node);
        }
    }
}
