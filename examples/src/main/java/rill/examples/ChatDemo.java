package rill.examples;

import java.io.IOException;
import java.io.PrintWriter;
import java.util.Objects;
import rill.Connection;
import rill.Listener;
import rill.Loop;
import rill.codec.Text;

/** Three in a {@link Chat} room: Ann talks a lot, Bob listens, and Zoe has fallen asleep, which must not disturb the others. */
final class ChatDemo {
    private static final int LINES = 3_000;
    private static final String LONG_TEXT = "bla ".repeat(1_500);

    private ChatDemo() {}

    static void run(PrintWriter out) throws IOException {
        try (var loop = Loop.open()) {
            Listener room = Chat.serve(loop, Loopback.ANY_PORT).await();
            loop.run(() -> {
                var zoe = join(loop, room, "Zoe"); // and never receives anything again
                var bob = join(loop, room, "Bob");
                var ann = join(loop, room, "Ann");
                Expect.equal("what Bob hears", "* Ann has joined", bob.receive().await());

                var talk = loop.task("Ann talks", () -> {
                    for (int i = 1; i <= LINES; i++) {
                        ann.write(i + " " + LONG_TEXT).await();
                    }
                    return ann.close().await();
                });
                for (int i = 1; i <= LINES; i++) {
                    Expect.equal(
                            "what Bob hears",
                            "Ann: " + i + " " + LONG_TEXT,
                            bob.receive().await());
                }
                Expect.equal("what Bob hears", "* Ann has left", bob.receive().await());
                out.printf("Bob heard all %d lines of Ann's, while Zoe was asleep%n", LINES);
                talk.await();
                zoe.abort();
                return bob.close().await();
            });
        }
    }

    private static Connection<String, String> join(Loop loop, Listener room, String name) throws IOException {
        Connection<String, String> connection =
                loop.connect(room.address(), Text.lines()).await();
        Expect.equal("the greeting", "your name?", connection.receive().await());
        connection.write(name);
        String members = Objects.requireNonNull(connection.receive().await());
        Expect.equal("whether one is a member of one's own room", true, members.endsWith(name));
        return connection;
    }
}
