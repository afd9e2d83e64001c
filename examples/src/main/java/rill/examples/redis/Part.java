package rill.examples.redis;

import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import rill.codec.resp.Command;
import rill.codec.resp.Reply;

/**
 * A part of a batch that is executed as a unit, and sent elsewhere as a unit or not at all: a command, or a transaction from {@code MULTI} to
 * {@code EXEC} or {@code DISCARD}; with the server's replies.
 */
record Part(List<Command> commands, List<Reply> replies) {
    /** Errors of EXEC which say that a transaction was not executed: one of its commands was refused before, or its slot has moved since. */
    private static final Set<String> NOT_CARRIED_OUT = Set.of("EXECABORT", "MOVED", "ASK", "TRYAGAIN", "CLUSTERDOWN");

    /** Returns the parts of a batch, in order. */
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
     * Returns where the part belongs; null if it was executed, or if no single node has all of its keys, which the replies then say. A redirection in
     * a transaction applies to all of it. A server that honours {@code ASKING} before {@code MULTI} does so up to {@code EXEC}.
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

    /** Whether some of its keys have moved and others have not, which is temporary. */
    boolean isSplit() {
        return mayBeSentAgain() && replies.stream().anyMatch(each -> code(each).equals("TRYAGAIN"));
    }

    /** Whether none of it was executed, for a reason that may not apply on another server, or later. */
    private boolean mayBeSentAgain() {
        return commands.size() == 1
                || (commands.getLast().name().equals("EXEC") && NOT_CARRIED_OUT.contains(code(replies.getLast())));
    }

    private static String code(Reply reply) {
        return Reply.plain(reply) instanceof Reply.Failed failed ? failed.code() : "";
    }
}
