package rill.bench;

import java.util.Locale;

/** The text of a page, built piece by piece. */
final class Html {
    private final StringBuilder text = new StringBuilder();

    /** Adds markup as it is; arguments are escaped. */
    Html add(String format, Object... arguments) {
        Object[] escaped = new Object[arguments.length];
        for (int i = 0; i < arguments.length; i++) {
            escaped[i] = arguments[i] instanceof String string ? escape(string) : arguments[i];
        }
        text.append(String.format(Locale.ROOT, format, escaped)).append('\n');
        return this;
    }

    /** Adds markup without arguments, such as a style sheet. */
    Html raw(String markup) {
        text.append(markup).append('\n');
        return this;
    }

    static String escape(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }

    @Override
    public String toString() {
        return text.toString();
    }
}
