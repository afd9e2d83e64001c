package rill.http.wire;

import org.jspecify.annotations.Nullable;

/** The character classes of HTTP, and the names of characters in messages. <b>Source:</b> RFC 9110, 5.6.2 and 5.5; RFC 9112, 3.2. */
final class Grammar {
    private static final boolean[] TOKEN = new boolean[256];

    static {
        for (int c = '0'; c <= '9'; c++) {
            TOKEN[c] = true;
        }
        for (int c = 'a'; c <= 'z'; c++) {
            TOKEN[c] = true;
            TOKEN[c - 0x20] = true;
        }
        for (char c : "!#$%&'*+-.^_`|~".toCharArray()) {
            TOKEN[c] = true;
        }
    }

    private Grammar() {}

    static boolean isToken(int character) {
        return character < TOKEN.length && TOKEN[character];
    }

    static boolean isToken(byte octet) {
        return TOKEN[octet & 0xFF];
    }

    /** The index at which a text stops being a token; its length if it is one; 0 if it is empty, which is not a token. */
    static int tokenLength(CharSequence text) {
        for (int i = 0; i < text.length(); i++) {
            if (!isToken(text.charAt(i))) {
                return i;
            }
        }
        return text.length();
    }

    /** Whether a character may be within a line: no control character except the tab. */
    static boolean isText(int character) {
        return (character >= 0x20 && character != 0x7F && character <= 0xFF) || character == '\t';
    }

    static boolean isBlank(int character) {
        return character == ' ' || character == '\t';
    }

    /**
     * Checks a name.
     *
     * @throws IllegalArgumentException if it is not a token
     */
    static void requireToken(CharSequence token, String what) {
        int length = tokenLength(token);
        if (length < token.length() || length == 0) {
            throw new IllegalArgumentException(what + " has to be a token, not " + shown(token)
                    + (token.isEmpty() ? "" : ": " + shown(token.charAt(length)) + " is not allowed"));
        }
    }

    /**
     * Checks the value of a field, or a reason phrase.
     *
     * @throws IllegalArgumentException if it has a control character or one beyond Latin 1, or begins or ends with a blank
     */
    static void requireText(CharSequence text, String what) {
        int length = text.length();
        for (int i = 0; i < length; i++) {
            if (!isText(text.charAt(i))) {
                throw new IllegalArgumentException(
                        what + " has " + shown(text.charAt(i)) + " at " + i + ", which is not allowed there");
            }
        }
        if (length > 0 && (isBlank(text.charAt(0)) || isBlank(text.charAt(length - 1)))) {
            throw new IllegalArgumentException(what + " begins or ends with a blank, which no reader would see");
        }
    }

    private static String shown(CharSequence text) {
        var shown = new StringBuilder("\"");
        for (int i = 0; i < Math.min(text.length(), 40); i++) {
            char c = text.charAt(i);
            shown.append(c >= 0x20 && c < 0x7F ? String.valueOf(c) : shown(c));
        }
        return shown.append(text.length() > 40 ? "…\"" : "\"").toString();
    }

    /** A character, in words that are safe to print. */
    static String shown(int character) {
        String name = named(character);
        return name != null
                ? name
                : character > 0x20 && character < 0x7F ? "'" + (char) character + "'" : hex(character);
    }

    private static @Nullable String named(int character) {
        return switch (character) {
            case 0 -> "NUL";
            case '\t' -> "a tab";
            case '\n' -> "LF";
            case '\r' -> "CR";
            case ' ' -> "a space";
            default -> null;
        };
    }

    private static String hex(int character) {
        String digits = Integer.toHexString(character).toUpperCase(java.util.Locale.ROOT);
        return "0x" + (digits.length() == 1 ? "0" : "") + digits;
    }
}
