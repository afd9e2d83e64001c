package rill.http;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Names with values, in the format of HTML forms: {@code name=value&other=…}, decoded as UTF-8. A name may occur more than once; one without an equals
 * sign has an empty value. Immutable.
 */
public final class HttpParameters {
    /** The largest number of values in a form. */
    public static final int MOST = 1000;

    private record Pair(String name, String value) {}

    private final List<Pair> pairs;

    private HttpParameters(List<Pair> pairs) {
        this.pairs = pairs;
    }

    /** Parses a whole text. */
    static HttpParameters form(String text) throws HttpRefusedException {
        var pairs = new ArrayList<Pair>();
        for (int from = 0, to; from <= text.length() && !text.isEmpty(); from = to + 1) {
            to = end(text, from);
            if (pairs.size() == MOST) {
                throw new HttpRefusedException(413, "a form of more than " + MOST + " values");
            }
            Pair pair = pair(text, from, to);
            if (pair == null) {
                throw new HttpRefusedException(400, "expected a form, found what is not encoded as one");
            }
            pairs.add(pair);
        }
        return new HttpParameters(List.copyOf(pairs));
    }

    /** Parses a query; what can't be decoded is left out. */
    static HttpParameters query(String query) {
        var pairs = new ArrayList<Pair>();
        for (int from = 0, to; from <= query.length() && !query.isEmpty(); from = to + 1) {
            to = end(query, from);
            Pair pair = pair(query, from, to);
            if (pair != null) {
                pairs.add(pair);
            }
        }
        return new HttpParameters(List.copyOf(pairs));
    }

    /** The first value of this name in a query that can be decoded; null if there is none. */
    static @Nullable String first(String name, String query) {
        for (int from = 0, to; from <= query.length() && !query.isEmpty(); from = to + 1) {
            to = end(query, from);
            Pair pair = pair(query, from, to);
            if (pair != null && pair.name.equals(name)) {
                return pair.value;
            }
        }
        return null;
    }

    private static int end(String text, int from) {
        int and = text.indexOf('&', from);
        return and < 0 ? text.length() : and;
    }

    private static @Nullable Pair pair(String text, int from, int to) {
        int equals = text.indexOf('=', from, to); // of this pair only: a search of the rest would make it quadratic
        int nameEnd = equals < 0 ? to : equals;
        try {
            return new Pair(decoded(text, from, nameEnd), decoded(text, Math.min(nameEnd + 1, to), to));
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    private static String decoded(String text, int from, int to) {
        return URLDecoder.decode(text.substring(from, to), StandardCharsets.UTF_8);
    }

    /** Returns the first value of this name; null if there is none. */
    public @Nullable String get(String name) {
        for (Pair pair : pairs) {
            if (pair.name.equals(name)) {
                return pair.value;
            }
        }
        return null;
    }

    /** Returns {@link #get(String)}, or this default if it is null. */
    public String get(String name, String otherwise) {
        return Objects.requireNonNullElse(get(name), otherwise);
    }

    /** Returns all values of this name, in order. */
    public List<String> all(String name) {
        return pairs.stream()
                .filter(pair -> pair.name.equals(name))
                .map(Pair::value)
                .toList();
    }

    /** Returns the names, each once, in the order of their first occurrence. */
    public Set<String> names() {
        var names = new LinkedHashSet<String>();
        pairs.forEach(pair -> names.add(pair.name));
        return names;
    }

    @Override
    public String toString() {
        return pairs.toString();
    }
}
