package rill.examples;

import java.io.IOException;
import java.io.PrintWriter;
import java.util.Objects;
import rill.Connection;
import rill.Listener;
import rill.Loop;
import rill.codec.Text;

/** Three members in a {@link Chat} room: Ann talks a lot, Bob listens, and Zoe falls asleep, which must not disturb the others. */
final class ChatDemo {
    private static final int LINES = 3_000;
    private static final String LONG_TEXT = " bla".repeat(1_500);

    private ChatDemo() {}

    static void run(PrintWriter out) throws IOException {
        try (var loop = Loop.open()) {
            Listener room = Chat.serve(loop, Loopback.ANY_PORT).await();
            loop.run(() -> {
                Connection<String, String> zoe = join(loop, room, "Zoe");
                Connection<String, String> bob = join(loop, room, "Bob");
                Connection<String, String> ann = join(loop, room, "Ann");
                Expect.equal("what Bob hears", "* Ann has joined", bob.receive().await());

                for (int i = 1; i <= LINES; i++) {
                    ann.write(i + LONG_TEXT);
                    Expect.equal(
                            "what Bob hears",
                            "Ann: " + i + LONG_TEXT,
                            bob.receive().await());
                }
                ann.close();
                Expect.equal("what Bob hears", "* Ann has left", bob.receive().await());
                out.printf("Bob heard all %d lines of Ann's, while Zoe was asleep%n", LINES);

                String last = readToEnd(zoe);
                out.println("Zoe, awake again, reads what was kept for her, and at last: " + last);
                return null;
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

    /** If buffers are large enough, Zoe misses nothing. */
    private static String readToEnd(Connection<String, String> zoe) throws IOException {
        while (true) {
            String line = Objects.requireNonNull(zoe.receive().await());
            if (line.startsWith("* you have missed") || line.equals("* Ann has left")) {
                return line;
            }
        }
    }
}
