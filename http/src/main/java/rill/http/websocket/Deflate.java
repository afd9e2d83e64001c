package rill.http.websocket;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The negotiation of permessage-deflate. Neither side keeps its window from one message to the next. <b>Source:</b> RFC 7692, section 7.1. */
final class Deflate {
    static final String NAME = "permessage-deflate";
    static final String OFFER = NAME + "; server_no_context_takeover; client_no_context_takeover";

    private static final String SERVER_FORGETS = "server_no_context_takeover";
    private static final String CLIENT_FORGETS = "client_no_context_takeover";
    private static final String SERVER_WINDOW = "server_max_window_bits";
    private static final String CLIENT_WINDOW = "client_max_window_bits";
    private static final String WINDOW = "15"; // the only size that the JDK can compress with

    private Deflate() {}

    /** A server's answer to an offer: {@link #OFFER}, with the server's window if the offer has it; or null if no offer is acceptable. */
    static @Nullable String agreed(List<String> offers) {
        for (Tokens.WithParameters each : Tokens.withParameters(offers)) {
            if (each.token().equals(NAME) && isPossible(each.parameters())) {
                // client_no_context_takeover may be sent without having been offered
                boolean windowAsked = each.parameters().stream()
                        .anyMatch(parameter -> parameter.name().equals(SERVER_WINDOW));
                return windowAsked ? OFFER + "; " + SERVER_WINDOW + "=" + WINDOW : OFFER;
            }
        }
        return null;
    }

    private static boolean isPossible(List<Tokens.Parameter> parameters) {
        Set<String> seen = new HashSet<>();
        for (Tokens.Parameter each : parameters) {
            boolean possible = switch (each.name()) {
                case SERVER_FORGETS, CLIENT_FORGETS -> each.value().isEmpty();
                case SERVER_WINDOW -> each.value().equals(WINDOW);
                case CLIENT_WINDOW -> each.value().isEmpty() || isWindow(each.value());
                default -> false;
            };
            if (!possible || !seen.add(each.name())) {
                return false;
            }
        }
        return true;
    }

    private static boolean isWindow(String bits) {
        return bits.matches("8|9|1[0-5]");
    }

    /**
     * Whether a server has agreed to {@link #OFFER}.
     *
     * @throws IllegalArgumentException if it has agreed to anything else
     */
    static boolean isAgreed(List<String> answer, boolean offered) {
        List<Tokens.WithParameters> extensions = Tokens.withParameters(answer);
        if (extensions.isEmpty()) {
            return false;
        }
        Tokens.WithParameters only = extensions.getFirst();
        if (!offered || extensions.size() > 1 || !only.token().equals(NAME)) {
            throw new IllegalArgumentException("extensions that were not offered: " + answer);
        }
        Set<String> seen = new HashSet<>();
        for (Tokens.Parameter each : only.parameters()) {
            boolean known = switch (each.name()) {
                case SERVER_FORGETS, CLIENT_FORGETS -> each.value().isEmpty();
                case SERVER_WINDOW -> isWindow(each.value()); // our window is large enough for any
                default -> false; // the client's window can't be made smaller
            };
            if (!known || !seen.add(each.name())) {
                throw new IllegalArgumentException("a parameter of " + NAME + " that was not offered: " + each.name());
            }
        }
        if (!seen.contains(SERVER_FORGETS)) {
            throw new IllegalArgumentException("expected " + SERVER_FORGETS + " in the answer, which was asked for");
        }
        return true;
    }
}
