package rill.examples.server;

import java.io.IOException;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import rill.Connection;
import rill.Future;
import rill.ListenOptions;
import rill.Listener;
import rill.LoopGroup;
import rill.Pipeline;
import rill.Serving;
import rill.codec.Lines;
import rill.codec.Text;

/** A library that speaks lines of text: the four ways to write a server. Any of them runs on one loop or on several. */
final class Library {
    static final Pipeline<String, String> LINES = Pipeline.of(Lines.of().with(Text.utf8()));

    static final ListenOptions BOUNDS =
            ListenOptions.defaults().connections(1_000).requestsInFlight(16).idleTime(Duration.ofMinutes(5));

    private static final String CLOSING = "the library closes";

    private final Map<String, String> shelves;
    private final Map<String, String> readers = new ConcurrentHashMap<>();
    private final Set<String> lent = ConcurrentHashMap.newKeySet();
    private final Set<Connection<String, String>> present = ConcurrentHashMap.newKeySet();

    Library(Map<String, String> shelves) {
        this.shelves = Map.copyOf(shelves);
    }

    /** Returns who has registered, and where they live. */
    Map<String, String> readers() {
        return Map.copyOf(readers);
    }

    /** Returns the titles on loan. */
    Set<String> lent() {
        return Set.copyOf(lent);
    }

    /** Answers each title with its shelf. */
    Future<Listener> catalogue(Serving server, SocketAddress address) {
        return server.serve(address, LINES, BOUNDS, title -> Future.of(shelves.getOrDefault(title, "unknown")));
    }

    /** Lends books. Those that a reader has not returned come back when the connection ends. */
    Future<Listener> desk(Serving server, SocketAddress address) {
        return server.serveEach(address, LINES, BOUNDS, peer -> {
            var reader = new Reader();
            peer.closed().onDone((nothing, failure) -> reader.bringAllBack());
            return title -> Future.of(reader.borrow(title));
        });
    }

    /** The books that one peer has borrowed; used only on the loop of its connection. */
    private final class Reader {
        private final List<String> borrowed = new ArrayList<>();

        String borrow(String title) {
            if (!shelves.containsKey(title) || !lent.add(title)) {
                return "not here";
            }
            borrowed.add(title);
            return "yours, with " + (borrowed.size() - 1) + " others";
        }

        void bringAllBack() {
            borrowed.forEach(lent::remove);
        }
    }

    /** Registers a reader: one question after the other. */
    Future<Listener> registration(Serving server, SocketAddress address) {
        return server.listenWithTask(address, LINES, BOUNDS, connection -> {
            connection.write("your name?").await();
            String name = connection.receive().await();
            connection.write("your street?").await();
            String street = connection.receive().await();
            if (name == null || street == null) {
                return; // the peer has gone, or the loop is closing
            }
            readers.put(name, street);
            connection.write("welcome, " + name).await();
        });
    }

    /**
     * Sends each line to everybody present. Nobody waits for the slowest: who takes less than is said, so that its hard limit is reached, is cut off.
     */
    Future<Listener> readingRoom(Serving server, SocketAddress address) {
        return server.listen(address, LINES, BOUNDS, connection -> {
            present.add(connection);
            connection.closed().onDone((nothing, failure) -> present.remove(connection));
            connection.onFailure(failure -> {
                if (!(failure.cause() instanceof IOException)) {
                    failure.report(); // a mistake of ours; a peer that goes away is normal
                }
            });
            connection.onFinish(() -> {
                connection.write(CLOSING);
                connection.close();
            });
            connection.onMessage(line -> present.forEach(each -> each.write(line)));
        });
    }

    /** Serves everything, on as many loops as there are processors, until {@code stop} is done. */
    void open(List<SocketAddress> addresses, Future<?> stop) throws IOException {
        try (LoopGroup loops = LoopGroup.open()) {
            catalogue(loops, addresses.get(0)).await();
            desk(loops, addresses.get(1)).await();
            registration(loops, addresses.get(2)).await();
            readingRoom(loops, addresses.get(3)).await();
            stop.copy().await(); // the signal is not ours to cancel
            loops.close(Duration.ofSeconds(10));
        }
    }

    /** For a shutdown hook: closes everything, and then says how busy it was. */
    static void closeAndTell(LoopGroup loops, Consumer<String> log) {
        loops.close(Duration.ofSeconds(10));
        log.accept(loops.metrics().connections().accepted() + " connections were accepted");
    }
}
