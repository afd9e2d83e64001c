package rill;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Tells rare messages from repeated ones. Messages that differ only in numbers and addresses are of one kind: the first few of a kind are told
 * one by one, and the rest in one line every {@link #WINDOW_NANOS}. Knows a bounded number of kinds. Confined to its owner.
 */
final class Repeats {
    static final long WINDOW_NANOS = TimeUnit.SECONDS.toNanos(10);

    /** So many of a kind are told one by one within a window. */
    static final int TOLD = 10;

    /** So many kinds are told apart at a time; beyond, a level is a kind. */
    static final int KINDS = 200;

    private static final int LONGEST_KIND = 200;

    /** By the beginning of their windows, the oldest first. */
    private final Map<String, Kind> kinds = new LinkedHashMap<>();

    /** What came of one kind, since this began. */
    private static final class Kind {
        final System.Logger.Level level;
        final String first;
        final int most; // that are told one by one
        final long begun;
        int count = 1;

        Kind(System.Logger.Level level, String first, int most, long begun) {
            this.level = level;
            this.first = first;
            this.most = most;
            this.begun = begun;
        }
    }

    boolean isEmpty() {
        return kinds.isEmpty();
    }

    /** Whether to tell this one by itself; otherwise it is counted. */
    boolean tells(System.Logger.Level level, String message, long now) {
        return tells(level, nameOf(level, message), TOLD, message, now);
    }

    /** Likewise, of this kind, of which so many are told one by one. */
    boolean tells(System.Logger.Level level, String kindOfIt, int most, String message, long now) {
        String name = kindOfIt;
        Kind kind = kinds.get(name);
        if (kind == null && kinds.size() >= KINDS) {
            name = level.name();
            kind = kinds.get(name);
        }
        if (kind == null) {
            kinds.put(name, new Kind(level, message, most, now));
            return true;
        }
        return ++kind.count <= kind.most;
    }

    /** A line that stands for many, whose window is over, or any at all if {@code atOnce}; null if there is none. */
    Scribe.@Nullable Line next(long now, boolean atOnce) {
        for (var all = kinds.values().iterator(); all.hasNext(); ) {
            Kind oldest = all.next();
            long age = now - oldest.begun;
            if (age < WINDOW_NANOS && !atOnce) {
                return null;
            }
            all.remove();
            if (oldest.count > oldest.most) {
                long seconds = Math.max(1, TimeUnit.NANOSECONDS.toSeconds(age));
                String text = String.format(
                        Locale.ROOT,
                        "… and %,d more like it in the last %d s: %s",
                        oldest.count - oldest.most,
                        seconds,
                        oldest.first);
                return new Scribe.Line(oldest.level, text, null);
            }
        }
        return null;
    }

    /** How long until {@link #next} may have something. There has to be a kind. */
    long nanosToNext(long now) {
        return kinds.values().iterator().next().begun + WINDOW_NANOS - now;
    }

    /** The message with each word that has a digit in it replaced: ports, addresses, counts, loops. */
    private static String nameOf(System.Logger.Level level, String message) {
        var name = new StringBuilder(LONGEST_KIND).append(level.getSeverity());
        int end = Math.min(message.length(), LONGEST_KIND);
        for (int at = 0; at < end; ) {
            int start = at;
            boolean digit = false;
            while (at < end && ofWord(message.charAt(at))) {
                digit |= Character.isDigit(message.charAt(at));
                at++;
            }
            if (digit) {
                name.append('#');
            } else {
                name.append(message, start, at);
            }
            if (at < end) {
                name.append(message.charAt(at++));
            }
        }
        return name.toString();
    }

    private static boolean ofWord(char c) {
        return Character.isLetterOrDigit(c) || c == '.' || c == ':' || c == '-' || c == '_' || c == '%';
    }
}
