package rill.transport.sim;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import rill.transport.sim.Trace.Kind;

/** The faults at the right of a {@link Picture}, each with a bar for as long as it lasts. The labels of those that began earlier are at its edge. */
final class FaultLanes {
    /** The height of a label at the edge. */
    static final int EDGE = 15;

    private static final int LANE = 14;
    private static final int BAR = 8;
    private static final int LONGEST = 60;

    /** Says where something is drawn. */
    interface Places {
        int yOf(Kind kind, String what, long time);
    }

    private final Svg svg;
    private final Scene scene;
    private final Places places;
    private final int x;
    private final int top;
    private final int bottom;
    private final int left; // of all columns
    private final Map<Strike, Integer> lanes = new HashMap<>();
    private int laneCount;

    FaultLanes(Svg svg, Scene scene, Places places, int x, int top, int bottom, int left) {
        this.svg = svg;
        this.scene = scene;
        this.places = places;
        this.x = x;
        this.top = top;
        this.bottom = bottom;
        this.left = left;
    }

    void draw() {
        List<Strike> earlier = scene.earlier();
        assignLanes(earlier);
        int labels = x + laneCount * LANE + 4;
        int line = top + EDGE - 1;
        for (Strike each : scene.faults()) {
            boolean atEdge = earlier.contains(each);
            int from = atEdge ? top : begin(each);
            int to = end(each);
            int lane = x + lanes.getOrDefault(each, 0) * LANE;
            svg.box(lane, from, BAR, Math.max(6, to - from), "#f3b0b0", "#c55", 3);
            String text = Labels.shortened(each.fault().toString(), LONGEST);
            if (atEdge) {
                svg.text(
                        labels,
                        line,
                        11,
                        "#a22",
                        text + ", since " + Labels.time(each.at().toNanos()),
                        false);
                line += EDGE;
            } else {
                svg.line(left, from, lane, from, "#f0c4c4", 1, "");
                svg.text(labels, from + 4, 11, "#a22", text, false);
            }
        }
    }

    private int begin(Strike strike) {
        return places.yOf(Kind.FAULT, strike.fault().toString(), strike.at().toNanos());
    }

    private int end(Strike strike) {
        long end = Scene.end(strike);
        return end > scene.shown().getLast().time()
                ? bottom
                : places.yOf(Kind.HEALED, strike.fault().toString(), end);
    }

    /** Gives each fault the first lane that is free where it begins. */
    private void assignLanes(List<Strike> earlier) {
        List<Integer> busyUntil = new ArrayList<>();
        for (Strike each : scene.faults()) {
            int from = earlier.contains(each) ? top : begin(each);
            int lane = 0;
            while (lane < busyUntil.size() && busyUntil.get(lane) >= from) {
                lane++;
            }
            if (lane == busyUntil.size()) {
                busyUntil.add(0);
            }
            busyUntil.set(lane, end(each));
            lanes.put(each, lane);
        }
        laneCount = busyUntil.size();
    }
}
