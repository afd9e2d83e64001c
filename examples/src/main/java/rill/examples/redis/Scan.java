package rill.examples.redis;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import rill.Future;
import rill.Loop;
import rill.ProtocolException;
import rill.codec.resp.Command;
import rill.codec.resp.Reply;

/**
 * All keys that match, a page at a time: the server is asked for the next one when somebody wants it. A key that is there all the while comes at
 * least once, others may. On the loop.
 */
final class Scan {
    private final Loop loop;
    private final Function<Command, Future<Reply>> server;
    private final String pattern;
    private String cursor = "0";
    private boolean over;

    Scan(Loop loop, Function<Command, Future<Reply>> server, String pattern) {
        this.loop = loop;
        this.server = server;
        this.pattern = pattern;
    }

    /** The next page, which may be empty; null when there is none. */
    Future<@Nullable List<String>> next() {
        if (over) {
            return loop.done(null);
        }
        return server.apply(Command.of("SCAN", cursor, "MATCH", pattern, "COUNT", "100"))
                .flatMap(reply -> {
                    if (reply.orThrow() instanceof Reply.Array page
                            && page.elements().size() == 2
                            && page.elements().get(1) instanceof Reply.Array keys) {
                        cursor = String.valueOf(Reply.text(page.elements().getFirst()));
                        over = cursor.equals("0");
                        List<String> names = new ArrayList<>();
                        keys.elements().forEach(key -> names.add(String.valueOf(Reply.text(key))));
                        return loop.<@Nullable List<String>>done(names);
                    }
                    return loop.failed(new ProtocolException("expected a cursor and keys, found " + reply));
                });
    }

    /** Gives every key to {@code action}; done when there are no more. */
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
