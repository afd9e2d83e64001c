package rill;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The connections that {@code -Drill.wirelog} selects: {@code all}, or addresses separated by commas: {@code HOST}, {@code HOST:PORT}, {@code :PORT}.
 */
final class WireLogEnds {
    /** One of those addresses; a connection matches if either of its ends does. */
    private record End(@Nullable InetAddress host, int port) {
        static final int ANY_PORT = -1;

        boolean matches(SocketAddress address) {
            return address instanceof InetSocketAddress inet
                    && (host == null || host.equals(inet.getAddress()))
                    && (port == ANY_PORT || port == inet.getPort());
        }
    }

    private final List<End> ends; // empty: all

    private WireLogEnds(List<End> ends) {
        this.ends = ends;
    }

    /** Returns null if no log is wanted. */
    static @Nullable WireLogEnds parse(@Nullable String text) {
        if (text == null || text.isBlank()) {
            return null;
        }
        List<End> ends = new ArrayList<>();
        if (!text.equals("all")) {
            for (String each : text.split(",", -1)) {
                ends.add(end(each.strip(), text));
            }
        }
        return new WireLogEnds(ends);
    }

    private static End end(String text, String whole) {
        int bracket = text.lastIndexOf(']');
        int colon = text.lastIndexOf(':');
        boolean hasPort = colon > bracket && (bracket >= 0 || text.indexOf(':') == colon);
        String host = hasPort ? text.substring(0, colon) : text;
        try {
            int port = hasPort ? Integer.parseInt(text.substring(colon + 1)) : End.ANY_PORT;
            if (host.isEmpty() && port == End.ANY_PORT) {
                throw new IllegalArgumentException("empty");
            }
            return new End(host.isEmpty() ? null : InetAddress.ofLiteral(host), port);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "-Drill.wirelog=" + whole + ": \"" + text
                            + "\" is none of HOST, HOST:PORT and :PORT, where HOST is an address,"
                            + " such as 127.0.0.1 or [::1]",
                    e);
        }
    }

    boolean match(SocketAddress local, SocketAddress remote) {
        return ends.isEmpty() || ends.stream().anyMatch(end -> end.matches(local) || end.matches(remote));
    }
}
