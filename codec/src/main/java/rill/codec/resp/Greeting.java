package rill.codec.resp;

import java.io.IOException;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;
import rill.Context;
import rill.ProtocolException;

/**
 * The state of a connection until the whole {@link Hello} is answered; it exists only until then.
 *
 * <pre>
 *  opened: all commands are sent, writes from above are held ──▶ an answer to each ──▶ held writes are released
 *                                                                       │ an error, or anything else
 *                                                                       ▼
 *                                                                     failed
 * </pre>
 */
final class Greeting {
    private final RespVersion version;
    private final ArrayDeque<Command> unanswered;
    private @Nullable RespServer server;

    private Greeting(Hello hello) {
        version = hello.version();
        unanswered = new ArrayDeque<>(hello.commands());
    }

    /** Sends the commands; returns null if there are none. */
    static @Nullable Greeting begin(Hello hello, Context context) {
        var greeting = new Greeting(hello);
        if (greeting.unanswered.isEmpty()) {
            return null;
        }
        for (Command each : greeting.unanswered) {
            RespWriter.write(each, context.out());
        }
        context.holdWrites();
        return greeting;
    }

    /** Takes an answer, which is not a push and ends at {@code end}; returns true if it was the last. */
    boolean answered(Reply reply, int end, Context context) throws IOException {
        Command command = unanswered.remove();
        Reply answer = Reply.plain(reply);
        if (answer instanceof Reply.Failed refusal) {
            throw new RespException(refusal, refused(command));
        }
        if (command.name().equals("HELLO")) {
            server = RespServer.of(map(answer, end));
        }
        if (unanswered.isEmpty()) {
            context.releaseWrites();
            return true;
        }
        return false;
    }

    /** In RESP 2, which has no maps, the answer is an array of keys and values. */
    private Reply.Map map(Reply answer, int end) throws ProtocolException {
        if (answer instanceof Reply.Map map) {
            return map;
        }
        if (version == RespVersion.RESP2 && answer instanceof Reply.Array(var pairs) && pairs.size() % 2 == 0) {
            return new Reply.Map(pairs);
        }
        throw new ProtocolException(end, "expected a map as the answer to HELLO");
    }

    /** What the server has reported about itself, if it was asked. */
    @Nullable
    RespServer server() {
        return server;
    }

    IOException ended() {
        return new IOException("the server ended its stream before it had answered "
                + unanswered.element().name() + ": it may have no room for more clients, or speak another protocol");
    }

    /** Shows no arguments: they may be secret. */
    private static String refused(Command command) {
        String what = command.name();
        if (what.equals("SELECT")) {
            what += " " + command.string(1);
        }
        return "the server has refused " + what + ", which Hello asks for: ";
    }
}
