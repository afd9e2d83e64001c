package rill.examples.redis;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;
import rill.codec.resp.Reply;

/**
 * A cluster's answer if something is elsewhere: {@code MOVED 3999 127.0.0.1:6381}, or {@code ASK} while a slot is being moved. <b>Source:</b> Redis
 * cluster specification.
 *
 * @param moved whether the slot has moved for good
 */
record Redirection(boolean moved, int slot, SocketAddress node) {
    /** Returns the redirection in a reply, or null. */
    static @Nullable Redirection of(Reply reply, SocketAddress from) {
        if (!(Reply.plain(reply) instanceof Reply.Failed failed)) {
            return null;
        }
        String[] words = failed.message().split(" ", -1);
        boolean moved = words[0].equals("MOVED");
        if (words.length != 3 || !(moved || words[0].equals("ASK"))) {
            return null;
        }
        int colon = words[2].lastIndexOf(':');
        String host = words[2].substring(0, Math.max(colon, 0));
        String port = words[2].substring(colon + 1);
        if (colon < 0 || !isAtMost(Slots.COUNT - 1, words[1]) || !isAtMost(0xFFFF, port)) {
            return null;
        }
        return new Redirection(moved, Integer.parseInt(words[1]), node(host, Integer.parseInt(port), from));
    }

    /** Returns the node's address. A node that does not know its own name is where the reply came from. */
    static SocketAddress node(@Nullable String host, int port, SocketAddress from) {
        String known = (host == null || host.isEmpty()) && from instanceof InetSocketAddress same
                ? same.getHostString()
                : String.valueOf(host);
        return InetSocketAddress.createUnresolved(known, port);
    }

    private static boolean isAtMost(int most, String number) {
        return number.matches("[0-9]{1,5}") && Integer.parseInt(number) <= most;
    }
}
