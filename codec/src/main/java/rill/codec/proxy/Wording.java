package rill.codec.proxy;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;

/** How messages for people show addresses and bytes that a peer sent. */
final class Wording {
    /** The limit of a peer's text that is shown. */
    private static final int LONGEST = 200;

    private static final int MILLIS = 1_000;

    private Wording() {}

    /** A byte in readable form: {@code 'x' (0x78)}, {@code LF (0x0A)}, {@code 0xFF}. */
    static String show(byte b) {
        String hex = String.format("0x%02X", b);
        return switch (b) {
            case '\r' -> "CR (" + hex + ")";
            case '\n' -> "LF (" + hex + ")";
            default -> b > ' ' && b < 0x7F ? "'" + (char) b + "' (" + hex + ")" : hex;
        };
    }

    /** A peer's text on one line and shortened, with a question mark for each character outside printable ASCII. */
    static String excerpt(String text) {
        var shown = new StringBuilder();
        for (int i = 0; i < text.length() && i < LONGEST; i++) {
            char c = text.charAt(i);
            shown.append(c == '\t' ? ' ' : c >= ' ' && c < 0x7F ? c : '?');
        }
        return text.length() > LONGEST ? shown.append('…').toString() : shown.toString();
    }

    /** {@code localhost:1080}, {@code 127.0.0.1:1080}, {@code [::1]:1080}; other kinds of addresses unchanged. */
    static String address(SocketAddress address) {
        return address instanceof InetSocketAddress inet
                ? hostAndPort(inet.getHostString(), inet.getPort())
                : address.toString();
    }

    static String hostAndPort(String host, int port) {
        return (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + port;
    }

    static String duration(Duration length) {
        long millis = length.toMillis();
        return millis > 0 && millis % MILLIS == 0 ? millis / MILLIS + " s" : millis + " ms";
    }
}
