package rill.transport.sim;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import rill.transport.sim.Trace.Kind;

/**
 * The end of a run as a picture: time goes down, one row an event, not to scale; a column is a host, and at the right are the faults
 * for as long as they last.
 */
final class Picture {
    private static final int SHOWN = 160;
    private static final int LEFT = 120;
    private static final int TOP = 92;
    private static final int WIDEST_COLUMN = 300;
    private static final int NARROWEST_COLUMN = 170;
    private static final int FITTING = 1_600;
    private static final int FAULTS = 26;

    private final Svg svg = new Svg();
    private final long seed;
    private final List<String> hosts;
    private final List<Trace.Entry> all;
    private final List<Trace.Entry> shown;
    private final int[] rows; // where each is drawn
    private final int height;
    private final int column;

    Picture(long seed, List<String> hosts, List<Trace.Entry> entries) {
        this.seed = seed;
        this.hosts = hosts;
        this.column = Math.clamp(FITTING / Math.max(1, hosts.size()), NARROWEST_COLUMN, WIDEST_COLUMN);
        this.all = entries.stream().filter(Picture::worthShowing).toList();
        this.shown = all.subList(Math.max(0, all.size() - SHOWN), all.size());
        this.rows = new int[shown.size()];
        int y = TOP + 24;
        for (int i = 0; i < rows.length; i++) {
            y += i == 0 ? 0 : distance(shown.get(i - 1), shown.get(i));
            rows[i] = y;
        }
        height = y + 50;
    }

    private static boolean worthShowing(Trace.Entry entry) {
        return entry.kind() != Kind.TICK
                && !(entry.kind() == Kind.SETTLED && textOf(entry).isEmpty());
    }

    private static int distance(Trace.Entry before, Trace.Entry entry) {
        long passed = entry.time() - before.time();
        int forText = entry.kind() == Kind.NOTE ? 24 : isAck(before) && isAck(entry) ? 4 : 13;
        return passed > 50_000_000 ? forText + 26 : forText;
    }

    private static boolean isAck(Trace.Entry entry) {
        return entry.connection() > 0 && entry.what().equals("ACK");
    }

    private int x(int host) {
        return LEFT + 60 + host * column;
    }

    private int right() {
        return LEFT + hosts.size() * column - 60;
    }

    // ---- drawing

    String draw() {
        drawTitle();
        drawHosts();
        drawTimes();
        drawFaults();
        drawSegments();
        for (int i = 0; i < rows.length; i++) {
            drawMark(shown.get(i), rows[i]);
        }
        return svg.document(right() + 330, height);
    }

    private void drawTitle() {
        svg.text(
                16,
                26,
                17,
                "#222",
                "Simulation with seed " + seed
                        + (shown.isEmpty()
                                ? ": nothing happened"
                                : ", up to " + time(shown.getLast().time())),
                true);
        String legend =
                "time goes down, not to scale · arrows: segments, a colour for each connection, grey: acknowledgements"
                        + " only, ✕: lost · ◷ timer · ✓ done · ✗ failed";
        svg.text(16, 46, 11, "#666", legend, false);
        if (shown.size() < all.size()) {
            svg.text(16, 62, 11, "#666", "the last " + shown.size() + " of " + all.size() + " events", false);
        }
    }

    private void drawHosts() {
        for (int host = 0; host < hosts.size(); host++) {
            svg.box(x(host) - 70, TOP - 22, 140, 26, "#eef3f8", "#8aa", 5);
            svg.centred(x(host), TOP - 4, 13, "#123", hosts.get(host));
            int from = TOP + 4;
            boolean down = false;
            for (int i = 0; i < rows.length; i++) {
                Trace.Entry entry = shown.get(i);
                if (entry.kind() == Kind.HOST && entry.host() == host) {
                    drawLife(host, from, rows[i], down);
                    from = rows[i];
                    down = entry.what().equals("crashed")
                            || entry.what().equals("killed")
                            || entry.what().equals("paused");
                }
            }
            drawLife(host, from, height - 16, down);
        }
    }

    private void drawLife(int host, int from, int to, boolean down) {
        svg.line(x(host), from, x(host), to, down ? "#d33" : "#9ab", down ? 5 : 2, down ? "3,4" : "");
    }

    private void drawTimes() {
        int lastY = -100;
        long lastTime = -1;
        for (int i = 0; i < rows.length; i++) {
            long time = shown.get(i).time();
            if (i > 0 && time - shown.get(i - 1).time() > 50_000_000) {
                int y = rows[i] - 18;
                svg.line(LEFT - 10, y, right() + 10, y, "#bbb", 1, "2,5");
                svg.text(
                        16,
                        y + 4,
                        10,
                        "#999",
                        "⋮ " + time(time - shown.get(i - 1).time()) + " later",
                        false);
            }
            if (time != lastTime && rows[i] - lastY >= 12) {
                svg.text(16, rows[i] + 4, 11, "#555", time(time), false);
                lastY = rows[i];
                lastTime = time;
            }
        }
    }

    private void drawSegments() {
        Map<Long, Integer> sentAt = new HashMap<>();
        for (int i = 0; i < rows.length; i++) {
            Trace.Entry entry = shown.get(i);
            switch (entry.kind()) {
                case SENT -> sentAt.put(entry.number(), i);
                case ARRIVED, LOST -> {
                    Integer sent = sentAt.remove(entry.number());
                    drawSegment(entry, sent == null ? TOP + 8 : rows[sent], rows[i], entry.kind() == Kind.LOST);
                }
                default -> {}
            }
        }
        // What was still on its way when the run ended.
        sentAt.values().stream().sorted().forEach(i -> drawSegment(shown.get(i), rows[i], height - 20, false));
    }

    private void drawSegment(Trace.Entry entry, int fromY, int toY, boolean lost) {
        boolean ack = isAck(entry);
        String colour = lost ? "#d33" : ack ? "#c4c4c4" : Svg.colour(entry.connection());
        int from = x(entry.host());
        int to = lost ? from + (x(entry.other()) - from) * 2 / 5 : x(entry.other());
        int endY = lost ? fromY + (toY - fromY) * 2 / 5 + 4 : toY;
        svg.arrow(from, fromY, to, endY, colour, ack ? 1 : 1.6, !lost);
        if (lost) {
            svg.centred(to, endY + 5, 15, "#d33", "✕");
        }
        if (!ack) {
            int back = to > from ? 1 : -1;
            String text = entry.label() == null
                    ? entry.what() + (entry.length() > 0 ? " " + entry.length() + " B" : "")
                    : "“" + entry.label() + "”";
            text += lost ? " lost" : "";
            svg.centred(from + back * 72, fromY + (lost ? -4 : (endY - fromY) / 4 - 3), 10, colour, text);
        }
    }

    private void drawMark(Trace.Entry entry, int y) {
        switch (entry.kind()) {
            case TIMER ->
                svg.text(x(entry.host()) - 5, y + 4, 11, "#86610a", "◷ " + shortened(entry.what(), 46), false);
            case SETTLED -> {
                String text = textOf(entry);
                boolean failed = text.startsWith("✗");
                svg.circle(x(entry.host()), y, 4.5, failed ? "#d33" : "#2a8a3a");
                svg.text(x(entry.host()) + 8, y + 4, 11, failed ? "#b11" : "#2a6a3a", text, failed);
            }
            case HOST -> svg.text(x(entry.host()) + 9, y + 4, 12, "#b11", entry.what(), true);
            case CLOSED ->
                svg.text(
                        x(entry.host()) + 8,
                        y + 4,
                        10,
                        entry.length() == 1 ? "#777" : "#b11",
                        "▪ connection " + entry.connection() + ": " + shortened(entry.what(), 30),
                        false);
            case RESOLVED ->
                svg.text(x(entry.host()) + 8, y + 4, 10, "#777", "name " + entry.what() + " looked up", false);
            case NOTE -> {
                svg.line(LEFT - 10, y, right() + 250, y, "#222", 1.4, "");
                svg.text(LEFT - 6, y - 3, 12, "#111", shortened(textOf(entry), 150), true);
            }
            default -> {}
        }
    }

    private static String textOf(Trace.Entry entry) {
        String label = entry.label() == null ? entry.what() : entry.label();
        if (entry.kind() != Kind.SETTLED) {
            return label;
        }
        int failed = label.indexOf(", failed: ");
        if (failed >= 0) {
            return "✗ " + shortened(simple(label.substring(failed + 10)), 58);
        }
        return label.startsWith("Task ") ? "✓ " + shortened(label, 40) : "";
    }

    /** An exception's name without its package. */
    private static String simple(String failure) {
        int end = failure.indexOf(':');
        int dot = failure.lastIndexOf('.', end < 0 ? failure.length() : end);
        return failure.substring(dot + 1);
    }

    // ---- faults

    private void drawFaults() {
        Map<String, Integer> begun = new LinkedHashMap<>();
        List<@Nullable String> lanes = new ArrayList<>();
        for (Trace.Entry early : all.subList(0, all.size() - shown.size())) {
            note(early, TOP + 8, begun, lanes);
        }
        for (int i = 0; i < rows.length; i++) {
            note(shown.get(i), rows[i], begun, lanes);
        }
        List.copyOf(begun.keySet()).forEach(each -> end(each, height - 16, begun, lanes));
    }

    private void note(Trace.Entry entry, int y, Map<String, Integer> begun, List<@Nullable String> lanes) {
        if (entry.kind() == Kind.FAULT) {
            begun.put(entry.what(), y);
            int free = lanes.indexOf(null);
            if (free < 0) {
                lanes.add(entry.what());
            } else {
                lanes.set(free, entry.what());
            }
        } else if (entry.kind() == Kind.HEALED && begun.containsKey(entry.what())) {
            end(entry.what(), y, begun, lanes);
        }
    }

    private void end(String fault, int y, Map<String, Integer> begun, List<@Nullable String> lanes) {
        Integer from = begun.remove(fault);
        int lane = lanes.indexOf(fault);
        lanes.set(lane, null);
        if (from != null && y > TOP + 8) {
            int x = right() + 24 + lane * FAULTS;
            svg.box(x, from, 8, Math.max(6, y - from), "#f3b0b0", "#c55", 3);
            svg.line(LEFT - 10, from, x, from, "#f0c4c4", 1, "");
            svg.text(x + 12, from + 10, 11, "#a22", shortened(fault, 44), false);
        }
    }

    // ---- words

    private static String shortened(String text, int most) {
        return text.length() <= most ? text : text.substring(0, most - 1) + "…";
    }

    private static String time(long nanos) {
        if (nanos < 1_000_000) {
            return "%.0f µs".formatted(nanos / 1e3);
        }
        return nanos < 1_000_000_000 ? "%.1f ms".formatted(nanos / 1e6) : "%.3f s".formatted(nanos / 1e9);
    }
}
