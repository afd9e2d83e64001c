package rill;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Distinguishes rare messages from repeated ones. Messages that differ only in numbers and addresses are of one kind. The first few of a kind are
 * logged one by one, and the rest in one line every {@link #WINDOW_NANOS}. Tracks a bounded number of kinds. Confined to its owner.
 */
final class Repeats {
    static final long WINDOW_NANOS = TimeUnit.SECONDS.toNanos(10);

    /** The number of messages of a kind that are logged one by one within a window. */
    static final int TOLD = 10;

    /** The number of kinds distinguished at a time; beyond that, each level is one kind. */
    static final int KINDS = 200;

    private static final int LONGEST_KIND = 200;

    /** Ordered by the beginning of their windows, the oldest first. */
    private final Map<String, Kind> kinds = new LinkedHashMap<>();

    /** The messages of one kind in its present window. */
    private static final class Kind {
        final System.Logger.Level level;
        final String first;
        final int most; // that are logged one by one
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

    /** Whether to log this message individually; otherwise it is counted. */
    boolean tells(System.Logger.Level level, String message, long now) {
        return tells(level, nameOf(level, message), TOLD, message, now);
    }

    /** The same, for a message of this kind, of which {@code most} are logged individually. */
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

    /** Returns a line that stands for many, of a kind whose window is over, or of any if {@code atOnce}; null if there is none. */
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

    /** The time until {@link #next} may return something. There must be at least one kind. */
    long nanosToNext(long now) {
        return kinds.values().iterator().next().begun + WINDOW_NANOS - now;
    }

    /** The message with each word that contains a digit replaced: ports, addresses, counts, loops. */
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
