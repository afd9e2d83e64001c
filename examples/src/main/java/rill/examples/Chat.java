package rill.examples;

import java.io.IOException;
import java.net.SocketAddress;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import rill.Connection;
import rill.Future;
import rill.Listener;
import rill.Loop;
import rill.codec.Text;

/**
 * A chat room for lines of text: a member's first line is its name, and every further line is sent to the others.
 *
 * <p>One Task per member, in straight-line code from joining to leaving. Everything runs on one loop, so the map of members needs no lock.
 */
final class Chat {
    private final Map<String, Member> members = new LinkedHashMap<>();

    private Chat() {}

    static Future<Listener> serve(Loop loop, SocketAddress address) {
        var room = new Chat();
        return loop.listenWithTask(address, Text.lines(), room::welcome);
    }

    private void welcome(Connection<String, String> connection) {
        String name = null;
        try {
            connection.write("your name?");
            name = connection.receive().await();
            if (name == null) {
                return; // the member has left, or the server is closing
            }
            if (name.isBlank() || members.containsKey(name)) {
                connection.write("that name is empty or taken; good-bye");
                name = null;
            } else {
                attend(name, connection);
            }
        } catch (IOException gone) {
            // to the others it makes no difference whether a member leaves or its connection breaks
        } finally {
            if (name != null) {
                members.remove(name);
                tellOthers(name, "* " + name + " has left");
            }
        }
    }

    private void attend(String name, Connection<String, String> connection) throws IOException {
        members.put(name, new Member(connection));
        tellOthers(name, "* " + name + " has joined");
        connection.write("* here are: " + String.join(", ", members.keySet()));
        for (String line = connection.receive().await();
                line != null;
                line = connection.receive().await()) {
            tellOthers(name, name + ": " + line);
        }
    }

    private void tellOthers(String name, String line) {
        members.forEach((each, member) -> {
            if (!each.equals(name)) {
                member.tell(line);
            }
        });
    }

    /** A member of the room. One that does not read fast enough misses lines, and holds up nobody. */
    private static final class Member {
        private final Connection<String, String> connection;
        private boolean behind;
        private int missed;

        Member(Connection<String, String> connection) {
            this.connection = connection;
        }

        void tell(String line) {
            if (behind) {
                missed++;
                return;
            }
            Future<@Nullable Void> accepted = connection.write(line);
            if (!accepted.isDone()) { // more bytes are waiting to leave than should be
                behind = true;
                accepted.onDone((nothing, failure) -> caughtUp());
            }
        }

        private void caughtUp() {
            behind = false;
            if (missed > 0) {
                int lines = missed;
                missed = 0;
                tell("* you have missed " + lines + " lines");
            }
        }
    }
}
