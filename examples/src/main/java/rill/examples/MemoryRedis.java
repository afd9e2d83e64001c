package rill.examples;

import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;
import rill.Connection;
import rill.Failure;
import rill.Future;
import rill.Listener;
import rill.Loop;
import rill.ProtocolException;
import rill.codec.resp.Command;
import rill.codec.resp.Reply;
import rill.codec.resp.Resp;

/** A server that speaks RESP and keeps a few kinds of data in memory: enough for redis-cli and redis-benchmark. */
final class MemoryRedis {
    private MemoryRedis() {}

    static Future<Listener> serve(Loop loop, SocketAddress address) {
        var commands = new RedisCommands(new MemoryStore(loop::nanoTime));
        return loop.listen(
                address,
                Resp.server(),
                connection -> connection
                        .onMessage(command -> answer(connection, commands, command))
                        .onFailure(failure -> refuse(connection, failure)));
    }

    private static void answer(Connection<Command, Reply> connection, RedisCommands commands, Command command) {
        String name = command.name();
        if (name.equals("POST") || name.equals("HOST:")) {
            connection.close(); // as Redis does: nobody but an attacker sends that
            return;
        }
        Future<@Nullable Void> accepted = connection.write(commands.execute(command));
        if (name.equals("QUIT")) {
            connection.close(); // the answer still leaves
        } else if (!accepted.isDone()) {
            connection.pause(); // who does not take its answers is not read from, so nothing piles up
            accepted.onDone((nothing, failure) -> connection.resume());
        }
    }

    /** As Redis does, says what the peer did wrong before the connection is closed; anything else is for the log. */
    private static void refuse(Connection<Command, Reply> connection, Failure failure) {
        if (failure.cause() instanceof ProtocolException wrong) {
            connection.write(new Reply.Failed("ERR Protocol error: " + wrong.violation()));
        } else {
            failure.report();
        }
    }
}
