package rill.http.websocket;

import java.util.ArrayList;
import java.util.List;

/** Lists of tokens with parameters, in the fields of the handshake. <b>Source:</b> RFC 9110, section 5.6; RFC 6455, section 9.1. */
final class Tokens {
    private static final String SEPARATORS = "!#$%&'*+-.^_`|~"; // allowed in a token, beside letters and digits

    private Tokens() {}

    /** A token and its parameters after semicolons, in order: {@code name} or {@code name=value}. */
    record WithParameters(String token, List<Parameter> parameters) {}

    /** The value is empty if there is none. */
    record Parameter(String name, String value) {}

    static boolean isToken(String text) {
        return !text.isEmpty() && text.chars().allMatch(Tokens::isInTokens);
    }

    private static boolean isInTokens(int c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || SEPARATORS.indexOf(c) >= 0;
    }

    static void require(String text, String what) {
        if (!isToken(text)) {
            throw new IllegalArgumentException(what + " has to be a token of HTTP, not \"" + text + "\"");
        }
    }

    /** The tokens in fields that are lists. */
    static List<String> list(List<String> values) {
        var tokens = new ArrayList<String>();
        for (String value : values) {
            for (String each : value.split(",", -1)) {
                if (!each.isBlank()) {
                    tokens.add(each.strip());
                }
            }
        }
        return tokens;
    }

    /**
     * The tokens in fields that are lists, with their parameters. A quoted value has to be a token without its quotes.
     *
     * @throws IllegalArgumentException if they are malformed
     */
    static List<WithParameters> withParameters(List<String> values) {
        var all = new ArrayList<WithParameters>();
        for (String each : list(values)) { // no commas within elements: quoted values are tokens
            String[] parts = each.split(";", -1);
            var parameters = new ArrayList<Parameter>();
            for (int i = 1; i < parts.length; i++) {
                parameters.add(parameter(parts[i].strip()));
            }
            String token = parts[0].strip();
            require(token, "an extension");
            all.add(new WithParameters(token, parameters));
        }
        return all;
    }

    private static Parameter parameter(String text) {
        int equals = text.indexOf('=');
        String name = equals < 0 ? text : text.substring(0, equals).strip();
        require(name, "the parameter of an extension");
        if (equals < 0) {
            return new Parameter(name, "");
        }
        String value = text.substring(equals + 1).strip();
        if (value.length() > 1 && value.startsWith("\"") && value.endsWith("\"")) {
            value = value.substring(1, value.length() - 1);
        }
        require(value, "the value of a parameter");
        return new Parameter(name, value);
    }
}
