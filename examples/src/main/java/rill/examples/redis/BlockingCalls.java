package rill.examples.redis;

import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;
import rill.Client;
import rill.ClientProtocol;
import rill.Future;
import rill.Loop;
import rill.codec.resp.Command;
import rill.codec.resp.Reply;

/**
 * Commands that wait for something, such as {@code BLPOP}: each has a connection of its own while it does, since what is sent after it would wait
 * as well. One that is given up takes its connection with it: on a connection that lives on, the server would still hand it an element, and that
 * would be lost. Confined to the loop.
 */
final class BlockingCalls {
    private static final int MOST = 64;

    private final Loop loop;
    private final SocketAddress address;
    private final ClientProtocol<Command, Reply> protocol;
    private final ArrayDeque<Client<Command, Reply>> idle = new ArrayDeque<>();
    private final ArrayDeque<Client<Command, Reply>> busy = new ArrayDeque<>();
    private boolean closed;

    BlockingCalls(Loop loop, SocketAddress address, ClientProtocol<Command, Reply> protocol) {
        this.loop = loop;
        this.address = address;
        this.protocol = protocol;
    }

    /** As a Task, whose end, whatever it is, decides what becomes of its connection. */
    Future<Reply> call(Command command, Duration atMost) {
        if (busy.size() >= MOST) {
            return loop.failed(new IllegalStateException(MOST + " commands are blocking already"));
        }
        return loop.task("blocking " + command.name(), () -> {
            requireOpen();
            Client<Command, Reply> client = free();
            if (client == null) {
                client = loop.connect(address, protocol).await();
            }
            busy.add(client);
            boolean answered = false;
            try {
                requireOpen();
                Reply reply = client.call(command, atMost).await();
                answered = true;
                return reply;
            } finally {
                busy.remove(client);
                if (answered && !closed) {
                    idle.push(client);
                } else {
                    var _ = client.abort();
                }
            }
        });
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the client is closed");
        }
    }

    private @Nullable Client<Command, Reply> free() {
        Client<Command, Reply> free = idle.poll();
        while (free != null && !free.isOpen()) {
            free = idle.poll();
        }
        return free;
    }

    void close() {
        closed = true;
        idle.forEach(Client::close);
        busy.forEach(Client::close);
    }
}
