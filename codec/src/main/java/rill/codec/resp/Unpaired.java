package rill.codec.resp;

import org.jspecify.annotations.Nullable;

/**
 * The commands after which replies and commands no longer come in pairs, so that a client which counts on that would give
 * answers to the wrong calls.
 *
 * <p><b>Threading:</b> any thread, without state. Costs no object and a few nanoseconds for every other command.
 *
 * <p><b>Source:</b> Redis documentation, "Redis Pub/Sub", "CLIENT REPLY", "MONITOR", "PSYNC", "HELLO".
 */
final class Unpaired {
    private static final int SHORTEST = 4;
    private static final int LONGEST = 12;

    private Unpaired() {}

    /**
     * Throws if the command is one of them.
     *
     * @throws IllegalArgumentException with the reason
     */
    static void refuse(Command command) {
        Object name = command.part(0);
        int length = name instanceof String text ? text.length() : ((byte[]) name).length;
        if (length < SHORTEST || length > LONGEST) {
            return;
        }
        String reason = reason(command, name, length);
        if (reason != null) {
            throw new IllegalArgumentException(
                    command.name() + " " + reason + "; use a connection of its own, over Resp.clientPipeline()");
        }
    }

    private static @Nullable String reason(Command command, Object name, int length) {
        return switch (length) {
            case 4 -> is(name, "SYNC") ? "turns the connection into a stream of replication" : null;
            case 5 -> {
                if (is(name, "HELLO")) {
                    yield changesVersion(command) ? "changes the protocol to a version other than RESP 2" : null;
                }
                yield is(name, "PSYNC") ? "turns the connection into a stream of replication" : null;
            }
            case 6 -> is(name, "CLIENT") && silences(command) ? "leaves commands without an answer" : null;
            case 7 -> is(name, "MONITOR") ? "sends replies that answer no command" : null;
            case 9 -> of(name, "SUBSCRIBE");
            case 10 -> of(name, "PSUBSCRIBE", "SSUBSCRIBE");
            case 11 -> of(name, "UNSUBSCRIBE");
            case 12 -> of(name, "PUNSUBSCRIBE", "SUNSUBSCRIBE");
            default -> null;
        };
    }

    private static @Nullable String of(Object name, String... subscriptions) {
        for (String each : subscriptions) {
            if (is(name, each)) {
                return "has an answer for each channel, and brings messages that answer no command";
            }
        }
        return null;
    }

    private static boolean changesVersion(Command command) {
        return command.size() > 1 && !is(command.part(1), "2");
    }

    /** Replies that are switched on again are answered; that they were off can't be, here. */
    private static boolean silences(Command command) {
        return command.size() > 2
                && is(command.part(1), "REPLY")
                && (is(command.part(2), "OFF") || is(command.part(2), "SKIP"));
    }

    private static boolean is(Object part, String upperCase) {
        return part instanceof byte[] bytes
                ? Ascii.equalsIgnoreCase(bytes, upperCase)
                : upperCase.equalsIgnoreCase((String) part);
    }
}
