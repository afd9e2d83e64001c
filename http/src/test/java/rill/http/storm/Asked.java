package rill.http.storm;

/**
 * A request that was made.
 *
 * @param kind how the server answers it: see {@link Answers}
 * @param body the body that was sent
 * @param head whether the method was HEAD
 */
record Asked(char kind, int number, String body, boolean head) {
    static final String KINDS = "tdewskfx";

    static boolean sends(char kind) {
        return "ewkx".indexOf(kind) >= 0;
    }

    String target() {
        return "/" + kind + "/" + number;
    }

    /** Whether the server refuses it without reading the body. */
    boolean refused() {
        return kind == 'x' && number % 3 == 0;
    }

    /** Whether its answer can't be completed. */
    boolean broken() {
        return kind == 'f' && !head;
    }

    String expected() {
        if (head) {
            return "";
        }
        if (refused()) {
            return "no";
        }
        return switch (kind) {
            case 't', 'd' -> String.valueOf(number);
            case 's' -> (number + " ").repeat(number % 30);
            default -> body;
        };
    }
}
