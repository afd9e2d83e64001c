package rill.examples.redis;

import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import rill.codec.resp.Command;
import rill.codec.resp.Reply;

/**
 * What of a batch is carried out as one, and sent elsewhere as one or not at all: a command, or a transaction from {@code MULTI} to {@code EXEC} or
 * {@code DISCARD}; with what the server has answered.
 */
record Part(List<Command> commands, List<Reply> replies) {
    /** Why a transaction was not carried out, as its EXEC says: one of its commands was refused before, or its slot has moved since. */
    private static final Set<String> NOT_CARRIED_OUT = Set.of("EXECABORT", "MOVED", "ASK", "TRYAGAIN", "CLUSTERDOWN");

    /** In their order. */
    static List<Part> of(List<Command> batch, List<Reply> replies) {
        List<Part> parts = new ArrayList<>();
        for (int from = 0; from < batch.size(); ) {
            int to = from + 1;
            if (batch.get(from).name().equals("MULTI")) {
                while (to < batch.size() && !isEnd(batch.get(to - 1))) {
                    to++;
                }
            }
            parts.add(new Part(batch.subList(from, to), replies.subList(from, to)));
            from = to;
        }
        return parts;
    }

    private static boolean isEnd(Command command) {
        return command.name().equals("EXEC") || command.name().equals("DISCARD");
    }

    /**
     * Where it belongs; null if it was carried out, or if no one node has all of it: then the answer says so. What a transaction was refused for
     * concerns all of it. A server that holds to {@code ASKING} before {@code MULTI} does so up to {@code EXEC}.
     */
    @Nullable
    Redirection elsewhere(SocketAddress from) {
        Redirection first = null;
        if (mayBeSentAgain()) {
            for (Reply each : replies) {
                Redirection found = Redirection.of(each, from);
                if (first == null) {
                    first = found;
                } else if (found != null && found.slot() != first.slot()) {
                    return null;
                }
            }
        }
        return first;
    }

    /** Whether some of its keys have moved and others have not: in a while they all have. */
    boolean isSplit() {
        return mayBeSentAgain() && replies.stream().anyMatch(each -> code(each).equals("TRYAGAIN"));
    }

    /** Whether none of it was carried out, for a reason that another server, or a later time, may not have. */
    private boolean mayBeSentAgain() {
        return commands.size() == 1
                || (commands.getLast().name().equals("EXEC") && NOT_CARRIED_OUT.contains(code(replies.getLast())));
    }

    private static String code(Reply reply) {
        return Reply.plain(reply) instanceof Reply.Failed failed ? failed.code() : "";
    }
}
