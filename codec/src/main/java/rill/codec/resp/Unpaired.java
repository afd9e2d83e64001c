package rill.codec.resp;

import org.jspecify.annotations.Nullable;

/**
 * The commands after which replies and commands no longer match one to one, so that a client would give answers to the wrong calls; and the commands
 * that undo the effects of a {@link Hello}.
 *
 * <p><b>Threading:</b> any thread; there is no state. Costs no object and a few nanoseconds for every other command.
 *
 * <p><b>Source:</b> Redis documentation, "Redis Pub/Sub", "CLIENT REPLY", "MONITOR", "PSYNC", "HELLO".
 */
final class Unpaired {
    private static final int SHORTEST = 4;
    private static final int LONGEST = 12;
    private static final String OWN_CONNECTION = "; use a connection of its own, over Resp.clientPipeline()";
    private static final String SUBSCRIBER = "; use a RespSubscriber";

    private Unpaired() {}

    /**
     * Throws if the command is one of them.
     *
     * @param hello what every connection begins with
     * @param pushes whether pushes have a consumer
     * @throws IllegalArgumentException with the reason, and what to do instead
     */
    static void refuse(Command command, Hello hello, boolean pushes) {
        Object name = command.part(0);
        int length = name instanceof String text ? text.length() : ((byte[]) name).length;
        if (length < SHORTEST || length > LONGEST) {
            return;
        }
        String reason = reason(command, name, length, hello, pushes);
        if (reason != null) {
            throw new IllegalArgumentException(command.name() + " " + reason);
        }
    }

    private static @Nullable String reason(Command command, Object name, int length, Hello hello, boolean pushes) {
        return switch (length) {
            case 4 -> is(name, "SYNC") ? "turns the connection into a stream of replication" + OWN_CONNECTION : null;
            case 5 -> ofFive(command, name, hello);
            case 6 -> is(name, "CLIENT") ? ofClient(command, hello, pushes) : null;
            case 7 -> is(name, "MONITOR") ? "sends replies that answer no command" + OWN_CONNECTION : null;
            case 8 -> is(name, "REPLCONF") ? "belongs to replication, and may have no answer" + OWN_CONNECTION : null;
            case 9 -> of(name, "SUBSCRIBE");
            case 10 -> of(name, "PSUBSCRIBE", "SSUBSCRIBE");
            case 11 -> of(name, "UNSUBSCRIBE");
            case 12 -> of(name, "PUNSUBSCRIBE", "SUNSUBSCRIBE");
            default -> null;
        };
    }

    private static @Nullable String ofFive(Command command, Object name, Hello hello) {
        if (is(name, "HELLO")
                && command.size() > 1
                && !is(command.part(1), "" + hello.version().number())) {
            return "changes the protocol to a version other than "
                    + (hello.version() == RespVersion.RESP2
                            ? "RESP 2; connect with Resp.client(Hello.resp3())"
                            : "RESP3; connect with Resp.client(Hello.resp2())");
        }
        if (is(name, "RESET") && !hello.commands().isEmpty()) {
            return "undoes what Hello has brought about; close the connection and make another";
        }
        return is(name, "PSYNC") ? "turns the connection into a stream of replication" + OWN_CONNECTION : null;
    }

    private static @Nullable String ofClient(Command command, Hello hello, boolean pushes) {
        if (command.size() < 3) {
            return null;
        }
        // CLIENT REPLY ON has an answer, and replies are never off here.
        if (is(command.part(1), "REPLY") && (is(command.part(2), "OFF") || is(command.part(2), "SKIP"))) {
            return "REPLY leaves commands without an answer" + OWN_CONNECTION;
        }
        boolean tracks = is(command.part(1), "TRACKING") && is(command.part(2), "ON");
        return tracks && hello.version() == RespVersion.RESP3 && !pushes
                ? "TRACKING brings pushes; give Resp.client somebody who takes them"
                : null;
    }

    private static @Nullable String of(Object name, String... subscriptions) {
        for (String each : subscriptions) {
            if (is(name, each)) {
                return "has an answer for each channel, and brings messages that answer no command" + SUBSCRIBER;
            }
        }
        return null;
    }

    private static boolean is(Object part, String upperCase) {
        return part instanceof byte[] bytes
                ? Ascii.equalsIgnoreCase(bytes, upperCase)
                : upperCase.equalsIgnoreCase((String) part);
    }
}
