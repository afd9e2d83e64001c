package rill.transport.sim;

import rill.transport.sim.Trace.Kind;

/** The text beside an event of a {@link Picture}, and how much room it takes. */
final class Labels {
    private Labels() {}

    // ---- room

    /** Returns the room above the middle of the row. */
    static int above(Trace.Entry entry) {
        return switch (entry.kind()) {
            case NOTE, FAILED -> 17;
            case SENT -> isAck(entry) ? 2 : 11;
            case ARRIVED, LOST -> isAck(entry) ? 2 : 11; // it may have been sent before the picture begins
            case HEALED -> 5;
            default -> 8;
        };
    }

    /** Returns the room below the middle of the row. */
    static int below(Trace.Entry entry) {
        return switch (entry.kind()) {
            case SENT, ARRIVED, LOST -> isAck(entry) ? 2 : 3;
            case NOTE, FAILED -> 3;
            case HEALED -> 5;
            default -> 8;
        };
    }

    static boolean isAck(Trace.Entry entry) {
        return entry.connection() > 0 && entry.what().equals("ACK");
    }

    // ---- words

    static String segment(Trace.Entry entry) {
        String text = entry.label() == null
                ? entry.what() + (entry.length() > 0 ? " " + entry.length() + " B" : "")
                : "“" + entry.label() + "”";
        return text + (entry.kind() == Kind.LOST ? " lost" : "");
    }

    /** Returns the text of any other event; empty if there is nothing to say. */
    static String mark(Trace.Entry entry) {
        String label = entry.label() == null ? entry.what() : entry.label();
        return switch (entry.kind()) {
            case TIMER -> "◷ " + shortened(entry.what(), 46);
            case SETTLED -> settled(label);
            case OPENED -> "▫ connection " + entry.connection();
            case CLOSED -> "▪ connection " + entry.connection() + ": " + shortened(entry.what(), 30);
            case LOCAL -> "⇄ " + (entry.label() == null ? entry.length() + " B" : "“" + entry.label() + "”");
            case RESOLVED -> "name " + entry.what() + " looked up";
            case NOTE, FAILED -> shortened(label, 150);
            default -> entry.what();
        };
    }

    private static String settled(String label) {
        int failed = label.indexOf(", failed: ");
        if (failed >= 0) {
            return "✗ " + shortened(simple(label.substring(failed + 10)), 58);
        }
        return label.startsWith("Task ") ? "✓ " + shortened(label, 40) : "";
    }

    /** Returns an exception's name without its package. */
    private static String simple(String failure) {
        int end = failure.indexOf(':');
        int dot = failure.lastIndexOf('.', end < 0 ? failure.length() : end);
        return failure.substring(dot + 1);
    }

    static String shortened(String text, int most) {
        return text.length() <= most ? text : text.substring(0, most - 1) + "…";
    }

    static String time(long nanos) {
        if (nanos < 1_000_000) {
            return "%.0f µs".formatted(nanos / 1e3);
        }
        return nanos < 1_000_000_000 ? "%.1f ms".formatted(nanos / 1e6) : "%.4f s".formatted(nanos / 1e9);
    }
}
