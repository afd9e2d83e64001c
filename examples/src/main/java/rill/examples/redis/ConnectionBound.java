package rill.examples.redis;

import java.util.List;
import rill.codec.resp.Command;

/**
 * Commands whose effect belongs to the connection that they are sent on. A {@link RedisClient} shares its connections among all calls, and replaces
 * them when they are lost: such an effect would apply to other calls, and would vanish silently.
 */
final class ConnectionBound {
    private static final String OF_ONE = " holds for one connection, which others use and which may be lost";

    private ConnectionBound() {}

    /** Throws an IllegalArgumentException that says what to do instead, if an effect of the batch outlives it. */
    static void refuse(List<Command> batch) {
        boolean queueing = false;
        for (Command each : batch) {
            String name = each.name();
            switch (name) {
                case "AUTH" -> throw refused(name, "Hello.password or Hello.user says it on each");
                case "SELECT" -> throw refused(name, "Hello.database says it on each");
                case "READONLY", "READWRITE" -> throw refused(name, "Hello.then says it on each");
                case "RESET" -> throw refused(name, "close the client");
                case "WATCH" -> throw refused(name, "use a script, or a connection of its own");
                case "HELLO" -> {
                    if (each.size() > 1) {
                        throw refused(name, "connect with another Hello");
                    }
                }
                case "MULTI" -> queueing = true;
                case "EXEC", "DISCARD" -> {
                    if (!queueing) {
                        throw refused(name, "there is no MULTI before it in its batch");
                    }
                    queueing = false;
                }
                default -> {}
            }
        }
        if (queueing) {
            throw refused("MULTI", "there is neither EXEC nor DISCARD behind it in its batch");
        }
    }

    private static IllegalArgumentException refused(String name, String instead) {
        return new IllegalArgumentException(name + OF_ONE + "; " + instead);
    }
}
