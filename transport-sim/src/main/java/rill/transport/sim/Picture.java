package rill.transport.sim;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import rill.transport.sim.Trace.Kind;

/**
 * A part of a run as a picture. Time goes down, one row an event, not to scale. Each column is a host, and at the right are the faults for as long as
 * they last. A row has at most one label, beside its time, and is as high as its label, so none overlap.
 */
final class Picture {
    private static final int LEFT = 120;
    private static final int TOP = 92;
    private static final int WIDEST_COLUMN = 300;
    private static final int NARROWEST_COLUMN = 170;
    private static final int FITTING = 1_600;
    private static final int STUB = 56; // an arrow to or from a host without a column
    private static final int FOR_A_PAUSE = 26;
    private static final long PAUSE = 50_000_000;

    private final Svg svg = new Svg();
    private final long seed;
    private final Scene scene;
    private final List<Trace.Entry> shown;
    private final Map<Integer, Integer> columns = new HashMap<>(); // by host
    private final int[] rows; // where each is drawn
    private final int first; // where the rows begin
    private final int height;
    private final int column;

    Picture(long seed, Scene scene) {
        this.seed = seed;
        this.scene = scene;
        this.shown = scene.shown();
        scene.hosts().forEach(host -> columns.put(host, columns.size()));
        this.column = Math.clamp(FITTING / Math.max(1, columns.size()), NARROWEST_COLUMN, WIDEST_COLUMN);
        this.first = TOP + 26 + scene.earlier().size() * FaultLanes.EDGE;
        this.rows = new int[shown.size()];
        int y = first;
        for (int i = 0; i < rows.length; i++) {
            y += i == 0 ? Labels.above(shown.getFirst()) : distance(shown.get(i - 1), shown.get(i));
            rows[i] = y;
        }
        height = y + 50;
    }

    private static int distance(Trace.Entry before, Trace.Entry entry) {
        int forLabels = Labels.below(before) + Labels.above(entry);
        return pauses(before, entry) ? forLabels + FOR_A_PAUSE : forLabels;
    }

    private static boolean pauses(Trace.Entry before, Trace.Entry entry) {
        return entry.time() - before.time() > PAUSE;
    }

    private int x(int host) {
        return LEFT + 60 + columns.getOrDefault(host, 0) * column;
    }

    private boolean hasColumn(int host) {
        return columns.containsKey(host);
    }

    private int right() {
        return LEFT + Math.max(1, columns.size()) * column - 60;
    }

    // ---- drawing

    String draw() {
        drawTitle();
        columns.keySet().forEach(this::drawHost);
        drawTimes();
        new FaultLanes(svg, scene, this::yOf, right() + 24, TOP + 8, height - 16, LEFT - 10).draw();
        drawSegments();
        for (int i = 0; i < rows.length; i++) {
            drawMark(shown.get(i), rows[i]);
        }
        return svg.document(height);
    }

    /** Returns where in the picture an event is, or else the first one after that moment. */
    private int yOf(Kind kind, String what, long time) {
        int after = -1;
        for (int i = 0; i < rows.length; i++) {
            Trace.Entry entry = shown.get(i);
            if (entry.kind() == kind && entry.time() == time && entry.what().equals(what)) {
                return rows[i];
            }
            if (after < 0 && entry.time() > time) {
                after = rows[i];
            }
        }
        return after < 0 ? height - 16 : after;
    }

    private void drawTitle() {
        String range = shown.isEmpty()
                ? ": nothing happened"
                : ", from " + Labels.time(shown.getFirst().time()) + " to "
                        + Labels.time(shown.getLast().time());
        svg.text(16, 26, 17, "#222", "Simulation with seed " + seed + range, true);
        String legend =
                "time goes down, not to scale · arrows: segments, a colour for each connection, grey: acknowledgements"
                        + " only, ✕: lost · ◷ timer · ✓ done · ✗ failed";
        svg.text(16, 46, 11, "#666", legend, false);
        svg.text(16, 62, 11, "#666", scene.words(), false);
    }

    private void drawHost(int host) {
        svg.box(x(host) - 70, TOP - 22, 140, 26, "#eef3f8", "#8aa", 5);
        svg.centred(x(host), TOP - 4, 13, "#123", Svg.fitting(scene.nameOf(host), 13, 130));
        int from = TOP + 4;
        boolean down = scene.downAtFirst(host);
        for (int i = 0; i < rows.length; i++) {
            Trace.Entry entry = shown.get(i);
            if (entry.kind() == Kind.HOST && entry.host() == host) {
                drawLife(host, from, rows[i], down);
                from = rows[i];
                down = Scene.isDownAfter(entry, down);
            }
        }
        drawLife(host, from, height - 16, down);
    }

    private void drawLife(int host, int from, int to, boolean down) {
        svg.line(x(host), from, x(host), to, down ? "#d33" : "#9ab", down ? 5 : 2, down ? "3,4" : "");
    }

    private void drawTimes() {
        int lastY = -100;
        long lastTime = -1;
        for (int i = 0; i < rows.length; i++) {
            long time = shown.get(i).time();
            if (i > 0 && pauses(shown.get(i - 1), shown.get(i))) {
                int y = rows[i] - Labels.above(shown.get(i)) - FOR_A_PAUSE / 2 + 3;
                svg.line(LEFT - 10, y, right() + 10, y, "#bbb", 1, "2,5");
                String later = "⋮ " + Labels.time(time - shown.get(i - 1).time()) + " later";
                svg.text(16, y + 4, 10, "#999", later, false);
            }
            if (time != lastTime && rows[i] - lastY >= 15) {
                svg.text(16, rows[i] + 4, 11, "#555", Labels.time(time), false);
                lastY = rows[i];
                lastTime = time;
            }
        }
    }

    // ---- segments

    private void drawSegments() {
        Map<Long, Integer> sentAt = new HashMap<>();
        for (int i = 0; i < rows.length; i++) {
            Trace.Entry entry = shown.get(i);
            switch (entry.kind()) {
                case SENT -> sentAt.put(entry.number(), i);
                case ARRIVED, LOST -> {
                    Integer sent = sentAt.remove(entry.number());
                    drawSegment(entry, sent == null ? null : rows[sent], rows[i]);
                }
                default -> {}
            }
        }
        // These were still in flight when the picture ends; only those whose source is shown are drawn.
        sentAt.values().stream()
                .sorted()
                .filter(i -> hasColumn(shown.get(i).host()))
                .forEach(i -> drawSegment(shown.get(i), rows[i], height - 20));
    }

    /**
     * Draws a segment from where it was sent to where it arrived or was lost.
     *
     * @param sentY null if it was sent before the picture begins
     */
    private void drawSegment(Trace.Entry entry, @Nullable Integer sentY, int toY) {
        boolean lost = entry.kind() == Kind.LOST;
        int fromY = sentY == null ? TOP + 8 : sentY;
        String colour = lost ? "#d33" : Labels.isAck(entry) ? "#c4c4c4" : Svg.colour(entry.connection());
        double width = Labels.isAck(entry) ? 1 : 1.6;
        int way = entry.other() < entry.host() ? -1 : 1;
        if (!hasColumn(entry.host())) {
            svg.arrow(x(entry.other()) - way * STUB, toY, x(entry.other()), toY, colour, width, !lost);
            label(entry, entry.other(), -way, toY, "← ", entry.host(), colour);
            return;
        }
        int from = x(entry.host());
        boolean gone = !hasColumn(entry.other());
        int to = gone ? from + way * STUB : x(entry.other());
        int endY = gone ? fromY : toY;
        if (lost) {
            to = from + (to - from) * 2 / 5;
            endY = fromY + (endY - fromY) * 2 / 5 + 4;
            svg.cross(to, endY, "#d33");
        }
        svg.arrow(from, fromY, to, endY, colour, width, !lost);
        if (sentY == null && hasColumn(entry.other())) {
            label(entry, entry.other(), -way, toY, "", entry.host(), colour);
        } else if (sentY != null) {
            label(entry, entry.host(), way, fromY, gone ? "→ " : "", entry.other(), colour);
        }
    }

    /** Writes a label beside the line of a host, on one side or the other; the times are left of the first host. */
    private void label(Trace.Entry entry, int host, int side, int y, String prefix, int other, String colour) {
        if (Labels.isAck(entry)) {
            return;
        }
        String text = (prefix.isEmpty() ? "" : prefix + scene.nameOf(other) + ": ") + Labels.segment(entry);
        String fitting = Svg.fitting(text, 10, column - 30);
        int x = x(host);
        if (side > 0 || host == scene.hosts().getFirst()) {
            svg.text(x + 12, y - 1, 10, colour, fitting, false);
        } else {
            svg.textBefore(x - 12, y - 1, 10, colour, fitting);
        }
    }

    // ---- marks

    private void drawMark(Trace.Entry entry, int y) {
        int x = x(entry.host());
        String text = Labels.mark(entry);
        switch (entry.kind()) {
            case TIMER -> svg.text(x - 5, y + 4, 11, "#86610a", text, false);
            case SETTLED -> {
                boolean failed = text.startsWith("✗");
                svg.circle(x, y, 4.5, failed ? "#d33" : "#2a8a3a");
                svg.text(x + 8, y + 4, 11, failed ? "#b11" : "#2a6a3a", text, failed);
            }
            case HOST -> svg.text(x + 9, y + 4, 12, "#b11", text, true);
            case CLOSED -> svg.text(x + 8, y + 4, 10, entry.length() == 1 ? "#777" : "#b11", text, false);
            case LOCAL -> svg.text(x + 8, y + 4, 10, Svg.colour(entry.connection()), text, false);
            case RESOLVED, OPENED -> svg.text(x + 8, y + 4, 10, "#777", text, false);
            case NOTE, FAILED -> {
                String colour = entry.kind() == Kind.FAILED ? "#b11" : "#111";
                svg.line(LEFT - 10, y, right() + 250, y, colour, 1.4, "");
                svg.text(LEFT - 6, y - 3, 12, colour, text, true);
            }
            default -> {}
        }
    }
}
