package rill.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import rill.bench.Report.Case;
import rill.bench.Report.Entry;
import rill.bench.Report.FigureText;
import rill.bench.Report.Quantile;
import rill.bench.Report.Section;
import rill.bench.Report.Value;

/** Charts: bars with intervals, and curves on logarithmic axes. */
final class HtmlCharts {
    private static final int WIDTH = 700;
    private static final int HEIGHT = 360;
    private static final int LEFT = 96;
    private static final int RIGHT = 44;
    private static final int TOP = 16;
    private static final int BOTTOM = 48;
    private static final int COLOURS = 12;

    private HtmlCharts() {}

    /** A curve: points in the order in which they are joined. */
    record Curve(String name, List<double[]> points) {}

    /** Draws one figure of every contestant, in the order of the report. */
    static void bars(Html html, Case each, FigureText figure) {
        List<Entry> entries = each.entries().stream()
                .filter(entry -> entry.medians().containsKey(figure.key()))
                .toList();
        double most = entries.stream()
                .mapToDouble(entry -> Math.max(0, value(entry, figure).high()))
                .max()
                .orElse(0);
        if (most <= 0) {
            return;
        }
        html.add(
                "<h4>%s (%s is better)</h4><div class=bars>",
                figure.title(), figure.higherIsBetter() ? "more" : "less");
        for (Entry entry : entries) {
            Value value = value(entry, figure);
            html.add(
                    "<div class=row><div class=label>%s</div><div class=track><div class=\"bar%s\" style=\"width:%.1f%%\"></div>"
                            + "<div class=span style=\"left:%.1f%%;width:%.1f%%\"></div></div><div class=value>%s</div></div>",
                    entry.name(),
                    entry.ours() ? " ours" : "",
                    percent(value.value(), most),
                    percent(value.low(), most),
                    percent(value.high(), most) - percent(value.low(), most),
                    Units.text(figure.unit(), value.value()));
            entry.notes().forEach(note -> html.add("<div class=note>%s</div>", note));
        }
        html.raw("</div>");
    }

    private static Value value(Entry entry, FigureText figure) {
        return entry.medians().getOrDefault(figure.key(), new Value(0, 0, 0));
    }

    private static double percent(double value, double most) {
        return Math.clamp(value / most * 100, 0, 100);
    }

    /** Draws the latency of each contestant by quantile, with the rare ones spread out to the right. */
    static void latency(Html html, Case each) {
        List<Curve> curves = new ArrayList<>();
        for (Entry entry : each.entries()) {
            List<double[]> points = new ArrayList<>();
            for (Quantile quantile : entry.latency()) {
                if (quantile.quantile() > 0 && quantile.quantile() < 1 && quantile.nanos() > 0) {
                    points.add(new double[] {1 / (1 - quantile.quantile()), quantile.nanos()});
                }
            }
            if (points.size() > 1) {
                curves.add(new Curve(entry.name(), points));
            }
        }
        if (!curves.isEmpty()) {
            html.add("<h4>latency by quantile</h4>");
            Map<Double, String> ticks = new LinkedHashMap<>();
            ticks.put(2.0, "50 %");
            ticks.put(10.0, "90 %");
            ticks.put(100.0, "99 %");
            ticks.put(1_000.0, "99.9 %");
            ticks.put(10_000.0, "99.99 %");
            curves(html, curves, ticks, "ns");
        }
    }

    /** Draws the first judged figure over the number of connections, where cases differ only in that. */
    static void growth(Html html, Section section) {
        FigureText figure = section.figures().stream()
                .filter(FigureText::judged)
                .findFirst()
                .orElse(null);
        if (figure == null) {
            return;
        }
        Map<String, Map<String, TreeMap<Double, Double>>> byRest = new LinkedHashMap<>();
        for (Case each : section.cases()) {
            if (each.parameters().get("connections") instanceof Number connections) {
                Map<String, Object> rest = new LinkedHashMap<>(each.parameters());
                rest.remove("connections");
                for (Entry entry : each.entries()) {
                    byRest.computeIfAbsent(rest.toString(), ignored -> new LinkedHashMap<>())
                            .computeIfAbsent(entry.name(), ignored -> new TreeMap<>())
                            .put(connections.doubleValue(), value(entry, figure).value());
                }
            }
        }
        byRest.forEach((rest, contestants) -> {
            List<Curve> curves = new ArrayList<>();
            Map<Double, String> ticks = new TreeMap<>();
            contestants.forEach((name, values) -> {
                List<double[]> points = new ArrayList<>();
                values.forEach((connections, value) -> {
                    if (value > 0) {
                        points.add(new double[] {connections, value});
                        ticks.put(connections, String.format(Locale.ROOT, "%,.0f", connections));
                    }
                });
                curves.add(new Curve(name, points));
            });
            // Curves of contestants that take part in only some of the cases would hide the others.
            curves.removeIf(curve -> curve.points().size() < ticks.size());
            if (ticks.size() > 1 && !curves.isEmpty()) {
                html.add(
                        "<h3>growth over connections</h3><h4>%s, %s</h4>",
                        figure.title(), rest.replaceAll("[{}]", "").replace("=", ": "));
                curves(html, curves, ticks, figure.unit());
            }
        });
    }

    private static void curves(Html html, List<Curve> curves, Map<Double, String> ticks, String unit) {
        Axis x = Axis.over(curves, 0, LEFT, WIDTH - RIGHT);
        Axis y = Axis.over(curves, 1, HEIGHT - BOTTOM, TOP);
        html.add("<svg viewBox=\"0 0 %d %d\" role=img>", WIDTH, HEIGHT);
        ticks.forEach((at, label) -> {
            if (x.holds(at)) {
                html.add("<line class=grid x1=%.1f x2=%.1f y1=%d y2=%d />", x.at(at), x.at(at), TOP, HEIGHT - BOTTOM);
                html.add("<text x=%.1f y=%d text-anchor=middle>%s</text>", x.at(at), HEIGHT - BOTTOM + 26, label);
            }
        });
        for (double at : y.ticks()) {
            html.add("<line class=grid x1=%d x2=%d y1=%.1f y2=%.1f />", LEFT, WIDTH - RIGHT, y.at(at), y.at(at));
            html.add("<text x=%d y=%.1f text-anchor=end>%s</text>", LEFT - 8, y.at(at) + 5, Units.brief(unit, at));
        }
        for (int i = 0; i < curves.size(); i++) {
            StringBuilder points = new StringBuilder();
            for (double[] point : curves.get(i).points()) {
                points.append(String.format(Locale.ROOT, "%.1f,%.1f ", x.at(point[0]), y.at(point[1])));
            }
            html.add(
                    "<polyline class=curve style=\"stroke:var(--s%d)\" points=\"%s\" />",
                    i % COLOURS, points.toString().strip());
        }
        html.raw("</svg><div class=legend>");
        for (int i = 0; i < curves.size(); i++) {
            html.add(
                    "<span><i style=\"background:var(--s%d)\"></i>%s</span>",
                    i % COLOURS, curves.get(i).name());
        }
        html.raw("</div>");
    }

    /** A logarithmic axis from one pixel to another. */
    private record Axis(double least, double most, int from, int to) {
        static Axis over(List<Curve> curves, int coordinate, int from, int to) {
            double least = Double.MAX_VALUE;
            double most = 0;
            for (Curve curve : curves) {
                for (double[] point : curve.points()) {
                    least = Math.min(least, point[coordinate]);
                    most = Math.max(most, point[coordinate]);
                }
            }
            return new Axis(least, Math.max(most, least * 1.1), from, to);
        }

        boolean holds(double value) {
            return value >= least * 0.999 && value <= most * 1.001;
        }

        double at(double value) {
            return from + (to - from) * Math.log(value / least) / Math.log(most / least);
        }

        /** Returns 1, 2 and 5 times the powers of ten; only the powers if there would be many. */
        List<Double> ticks() {
            List<Double> ticks = new ArrayList<>();
            boolean few = most / least < 200;
            for (double power = Math.pow(10, Math.floor(Math.log10(least))); power <= most; power *= 10) {
                for (double step : few ? new double[] {1, 2, 5} : new double[] {1}) {
                    if (holds(power * step)) {
                        ticks.add(power * step);
                    }
                }
            }
            return ticks;
        }
    }
}
