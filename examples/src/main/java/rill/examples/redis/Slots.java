package rill.examples.redis;

import java.util.List;
import java.util.Set;
import rill.codec.resp.Command;

/** Computes the slot of a cluster that a key is in. <b>Source:</b> Redis cluster specification. */
final class Slots {
    static final int COUNT = 16384;
    static final int NONE = -1;

    /** Commands without a key, which may concern the server that receives them: their first argument does not determine a slot. */
    private static final Set<String> KEYLESS = Set.of(
            "ACL",
            "ASKING",
            "BGREWRITEAOF",
            "BGSAVE",
            "CLIENT",
            "CLUSTER",
            "COMMAND",
            "CONFIG",
            "DBSIZE",
            "ECHO",
            "FLUSHALL",
            "FLUSHDB",
            "FUNCTION",
            "HELLO",
            "INFO",
            "KEYS",
            "LASTSAVE",
            "LATENCY",
            "MIGRATE",
            "MODULE",
            "PING",
            "PUBLISH",
            "PUBSUB",
            "SCAN",
            "SCRIPT",
            "SLOWLOG",
            "TIME",
            "WAIT");

    private Slots() {}

    /**
     * Returns the slot of a batch's first key, or {@link #NONE}. For commands whose keys come later this is a guess, which a redirection corrects.
     */
    static int of(List<Command> batch) {
        for (Command each : batch) {
            if (each.size() > 1 && !KEYLESS.contains(each.name())) {
                return of(each.bytes(each.name().startsWith("EVAL") ? Math.min(3, each.size() - 1) : 1));
            }
        }
        return NONE;
    }

    /** Hashes only the part between braces, if there is one, so that keys can be kept together. */
    static int of(byte[] key) {
        int from = 0;
        int to = key.length;
        int open = indexOf(key, '{', 0);
        int close = open < 0 ? -1 : indexOf(key, '}', open + 1);
        if (close > open + 1) {
            from = open + 1;
            to = close;
        }
        int crc = 0;
        for (int i = from; i < to; i++) {
            crc ^= (key[i] & 0xFF) << 8;
            for (int bit = 0; bit < 8; bit++) {
                crc = (crc & 0x8000) == 0 ? crc << 1 : (crc << 1) ^ 0x1021;
            }
        }
        return crc & (COUNT - 1);
    }

    private static int indexOf(byte[] bytes, char wanted, int from) {
        for (int i = from; i < bytes.length; i++) {
            if (bytes[i] == wanted) {
                return i;
            }
        }
        return -1;
    }
}
