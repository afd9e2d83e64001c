package rill;

import io.netty.buffer.ByteBuf;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Words the parts of messages for people: connections, durations, and text from elsewhere, on one line and not too long. */
final class Wording {
    /** The maximum number of characters shown; one that can't be shown takes six. */
    private static final int LONGEST = 200;

    private static final String[] UNITS = {"ns", "µs", "ms", "s"};
    private static final int UNIT = 1_000;
    private static final long MANY = 10_000; // more digits than are read easily

    private Wording() {}

    /** Describes a connection; {@code peer} is null before it is known. */
    static String connection(@Nullable SocketAddress peer) {
        return peer == null ? "connection" : "connection to " + peer;
    }

    /** Names a call and its place, a connection or a pool: the beginning of each message about its failure. */
    static String call(Object name, boolean oneWay, Object place) {
        return (oneWay ? "send of " : "call of ") + excerpt(name) + ": " + place;
    }

    /** The duration in the largest unit that expresses it exactly, or well enough: {@code 250 µs}, {@code 1500 ms}, {@code 60 s}. */
    static String duration(Duration length) {
        long value = TimeUnit.NANOSECONDS.convert(length); // which saturates
        int unit = 0;
        while (value != 0 && unit < UNITS.length - 1 && (value % UNIT == 0 || value >= MANY || value <= -MANY)) {
            value /= UNIT;
            unit++;
        }
        return value == 0 ? "0 ms" : value + " " + UNITS[unit];
    }

    /** The address as users write it: for a host that was not resolved, {@code host:port}. */
    static String address(SocketAddress address) {
        return address instanceof InetSocketAddress inet && inet.isUnresolved()
                ? inet.getHostString() + ":" + inet.getPort()
                : address.toString();
    }

    /** The text of a message, a key or a name, or its type if there is no text. */
    static String excerpt(Object thing) {
        if (thing instanceof Class<?> type) {
            return type.getSimpleName();
        }
        try {
            if (thing instanceof ByteBuf bytes) {
                int shown = Math.min(bytes.readableBytes(), LONGEST);
                String text = bytes.toString(bytes.readerIndex(), shown, StandardCharsets.ISO_8859_1);
                return onOneLine(text, bytes.readableBytes());
            }
            String text = String.valueOf(thing);
            return onOneLine(text.substring(0, Math.min(text.length(), LONGEST)), text.length());
        } catch (Throwable t) { // it is released, or too large; the message about it matters more
            return thing.getClass().getSimpleName();
        }
    }

    private static String onOneLine(String text, int length) {
        var line = new StringBuilder();
        for (int i = 0; i < text.length(); i++) {
            append(line, text.charAt(i));
        }
        return length == text.length()
                ? line.toString()
                : line.append("… (of " + length + ")").toString();
    }

    private static void append(StringBuilder line, char c) {
        switch (c) {
            case '\t' -> line.append("\\t");
            case '\n' -> line.append("\\n");
            case '\r' -> line.append("\\r");
            default -> {
                if (isVisible(c)) {
                    line.append(c);
                } else {
                    line.append(String.format("\\u%04x", (int) c));
                }
            }
        }
    }

    /** Whether a character can be shown as it is and moves nothing else, on any terminal. */
    private static boolean isVisible(char c) {
        return c == ' '
                || (!Character.isISOControl(c)
                        && !Character.isSpaceChar(c)
                        && !Character.isSurrogate(c)
                        && Character.isDefined(c)
                        && Character.getType(c) != Character.FORMAT);
    }
}
