package rill.examples;

/** Patterns of Redis: {@code *}, {@code ?}, {@code [a-z^]}, and a backslash before a literal character. */
final class Glob {
    private final byte[] pattern;
    private final byte[] text;

    private Glob(byte[] pattern, byte[] text) {
        this.pattern = pattern;
        this.text = text;
    }

    static boolean matches(byte[] pattern, byte[] text) {
        return new Glob(pattern, text).matches();
    }

    /** Backtracks only to the last star, so the time is bounded by the product of both lengths. */
    private boolean matches() {
        int p = 0;
        int t = 0;
        int star = -1;
        int from = 0;
        while (t < text.length) {
            int after = p < pattern.length && pattern[p] != '*' ? one(p, text[t]) : -1;
            if (after > 0) {
                p = after;
                t++;
            } else if (p < pattern.length && pattern[p] == '*') {
                star = ++p;
                from = t;
            } else if (star >= 0) {
                p = star;
                t = ++from;
            } else {
                return false;
            }
        }
        while (p < pattern.length && pattern[p] == '*') {
            p++;
        }
        return p == pattern.length;
    }

    /** Returns where the pattern continues if its next element matches this byte; -1 if it does not. */
    private int one(int p, byte b) {
        return switch (pattern[p]) {
            case '?' -> p + 1;
            case '[' -> oneOf(p + 1, b);
            case '\\' -> p + 1 < pattern.length ? (pattern[p + 1] == b ? p + 2 : -1) : (b == '\\' ? p + 1 : -1);
            default -> pattern[p] == b ? p + 1 : -1;
        };
    }

    private int oneOf(int first, byte b) {
        int p = first;
        boolean not = p < pattern.length && pattern[p] == '^';
        if (not) {
            p++;
        }
        boolean found = false;
        for (; p < pattern.length && pattern[p] != ']'; p++) {
            if (pattern[p] == '\\' && p + 1 < pattern.length) {
                p++;
            } else if (p + 2 < pattern.length && pattern[p + 1] == '-') {
                int low = Math.min(pattern[p], pattern[p + 2]);
                int high = Math.max(pattern[p], pattern[p + 2]);
                found |= b >= low && b <= high;
                p += 2;
                continue;
            }
            found |= pattern[p] == b;
        }
        return found != not ? Math.min(p + 1, pattern.length) : -1;
    }
}
