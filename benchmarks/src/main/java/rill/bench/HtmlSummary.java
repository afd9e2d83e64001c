package rill.bench;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import rill.bench.Report.Case;
import rill.bench.Report.Comparison;
import rill.bench.Report.FigureText;
import rill.bench.Report.Section;

/** The head of the report, for a reader with a minute: the most important comparisons of each headline case, without figures. */
final class HtmlSummary {
    /** A column. Of its pairs of contestants, the first that a case has is shown, and named unless it is the usual one. */
    private record Column(String title, Map.Entry<String, String> usual, List<Map.Entry<String, String>> pairs) {}

    private static final List<Column> COLUMNS = List.of(
            new Column(
                    "on epoll, beside Netty’s epoll",
                    Map.entry("rill-epoll", "netty-epoll"),
                    List.of(
                            Map.entry("rill-epoll", "netty-epoll-8"), // tuned for the case
                            Map.entry("rill-epoll", "netty-epoll-64"),
                            Map.entry("rill-epoll", "netty-epoll"),
                            Map.entry("rill-epoll", "nettyEpoll"),
                            Map.entry("rill", "netty"))),
            new Column(
                    "on NIO, beside Netty’s NIO",
                    Map.entry("rill-nio", "netty-nio"),
                    List.of(
                            Map.entry("rill-nio", "netty-nio"),
                            Map.entry("rill-nio", "nettyNio"),
                            Map.entry("rillMapping", "netty"))),
            new Column(
                    "best, beside a yardstick",
                    Map.entry("rill-epoll", "bare-c"),
                    List.of(
                            Map.entry("rill-epoll", "bare-c"),
                            Map.entry("rill-epoll", "redis-benchmark"),
                            Map.entry("rill-nio", "netty-nio-uncached"),
                            Map.entry("rillMounted", "jdkOneCarrier"),
                            Map.entry("rillMounted", "jdk"),
                            Map.entry("rill", "jdk"))));

    private HtmlSummary() {}

    static void write(Html html, List<Section> sections) {
        if (sections.isEmpty()) {
            return;
        }
        html.raw("<h2 id=\"summary\">In short</h2>");
        html.raw(
                "<p class=soft>Rill as a multiple of the other, in the first figure of each benchmark. Where two others than"
                        + " those in the column’s head are compared, they are named.</p>");
        html.raw("<div class=wide><table class=summary><tr><th>");
        COLUMNS.forEach(column -> html.add("<th>%s", column.title));
        for (Section section : sections) {
            Optional<FigureText> figure =
                    section.figures().stream().filter(FigureText::judged).findFirst();
            if (figure.isPresent()) {
                html.add(
                        "<tr><th colspan=%d><a href=\"#%s\">%s</a>: %s (%s is better)",
                        COLUMNS.size() + 1,
                        section.name(),
                        section.name(),
                        figure.get().title(),
                        figure.get().higherIsBetter() ? "more" : "less");
                section.cases().stream()
                        .filter(Case::headline)
                        .forEach(each -> row(html, each, figure.get().key()));
            }
        }
        html.raw("</table></div>");
    }

    private static void row(Html html, Case each, String figure) {
        html.add("<tr><td>%s", each.name());
        for (Column column : COLUMNS) {
            html.raw(column.pairs.stream()
                    .flatMap(pair -> each.comparisons().stream()
                            .filter(one -> one.figure().equals(figure)
                                    && one.subject().equals(pair.getKey())
                                    && one.baseline().equals(pair.getValue())))
                    .findFirst()
                    .map(one -> cell(one, column))
                    .orElse("<td>"));
        }
    }

    private static String cell(Comparison one, Column column) {
        boolean named = !column.usual.equals(Map.entry(one.subject(), one.baseline()));
        return "<td class=\"" + one.verdict().replace(' ', '-') + "\"><b>× " + Units.number(one.ratio()) + "</b> "
                + one.verdict()
                + (named ? "<br><span class=soft>" + one.subject() + " / " + one.baseline() + "</span>" : "");
    }
}
