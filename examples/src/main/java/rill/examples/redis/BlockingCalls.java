package rill.examples.redis;

import java.io.IOException;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import rill.CallFailedException;
import rill.CallFailedException.Fate;
import rill.Client;
import rill.ClientProtocol;
import rill.Future;
import rill.Loop;
import rill.codec.resp.Command;
import rill.codec.resp.Reply;

/**
 * Commands that wait at the server, such as {@code BLPOP}. Each has a connection of its own meanwhile, since commands sent after it would wait as
 * well. Giving one up closes its connection: on a connection that stays open, the server would still hand it an element, which would be lost.
 * Confined to the loop.
 */
final class BlockingCalls {
    private static final int MOST = 64;

    private final Loop loop;
    private final SocketAddress address;
    private final ClientProtocol<Command, Reply> protocol;
    private final ArrayDeque<Client<Command, Reply>> idle = new ArrayDeque<>();
    private final ArrayDeque<Client<Command, Reply>> busy = new ArrayDeque<>();
    private final List<Turn> turns = new ArrayList<>(); // of calls with a connection, and of those that are to get one
    private boolean closed;

    /** The place of a call, which it leaves at its end; one that was cancelled before it began is found to be done. */
    private static final class Turn {
        private @Nullable Future<Reply> call;
    }

    BlockingCalls(Loop loop, SocketAddress address, ClientProtocol<Command, Reply> protocol) {
        this.loop = loop;
        this.address = address;
        this.protocol = protocol;
    }

    /**
     * Runs the call as a Task, whose end, whatever it is, decides what becomes of its connection.
     *
     * @param begun when it was made
     */
    Future<Reply> call(Command command, Duration atMost, long begun) {
        try {
            ConnectionBound.refuse(List.of(command));
        } catch (IllegalArgumentException refused) {
            return loop.failed(refused);
        }
        turns.removeIf(each -> each.call != null && each.call.isDone());
        if (turns.size() >= MOST) {
            return loop.failed(new IllegalStateException(MOST + " commands are blocking already"));
        }
        var turn = new Turn();
        turns.add(turn);
        Future<Reply> call = loop.task("blocking " + command.name(), () -> {
            @Nullable Client<Command, Reply> client = null;
            boolean answered = false;
            try {
                client = free(command, atMost.minusNanos(loop.nanoTime() - begun));
                busy.add(client);
                if (closed) { // meanwhile
                    throw neverSent(command, "the client was closed", null);
                }
                Duration left = atMost.minusNanos(loop.nanoTime() - begun);
                Reply reply = client.call(command, left).await();
                answered = true;
                return reply;
            } finally {
                turns.remove(turn);
                if (client != null) {
                    busy.remove(client);
                    if (answered && !closed) {
                        idle.push(client);
                    } else {
                        var _ = client.abort();
                    }
                }
            }
        });
        turn.call = call;
        return call;
    }

    private Client<Command, Reply> free(Command command, Duration left) throws IOException {
        requireOpen();
        for (Client<Command, Reply> free = idle.poll(); free != null; free = idle.poll()) {
            if (free.isOpen()) {
                return free;
            }
        }
        try {
            return loop.connect(address, protocol).timeout(left).await();
        } catch (IOException e) {
            throw neverSent(command, e.getMessage(), e);
        }
    }

    private static CallFailedException neverSent(Command command, @Nullable String why, @Nullable Throwable cause) {
        return new CallFailedException(Fate.NEVER_SENT, command.name() + " has no connection: " + why, cause);
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the client is closed");
        }
    }

    void close() {
        closed = true;
        idle.forEach(Client::close);
        busy.forEach(Client::close);
    }
}
