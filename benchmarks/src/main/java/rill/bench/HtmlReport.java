package rill.bench;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Map;
import rill.bench.Report.Case;
import rill.bench.Report.Comparison;
import rill.bench.Report.Entry;
import rill.bench.Report.FigureText;
import rill.bench.Report.Section;

/** The report as a self-contained page: no script, no network. */
final class HtmlReport {
    private final Report report;
    private final Html html = new Html();

    private HtmlReport(Report report) {
        this.report = report;
    }

    static String of(Report report) throws IOException {
        return new HtmlReport(report).page();
    }

    private String page() throws IOException {
        html.raw("<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">");
        html.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">");
        html.raw("<title>Rill: benchmarks</title>");
        html.raw("<style>" + styleSheet() + "</style>");
        head();
        HtmlSummary.write(html, report.sections());
        report.sections().forEach(this::section);
        leftOut();
        setUp();
        html.raw("</html>");
        return html.toString();
    }

    private static String styleSheet() throws IOException {
        try (InputStream in = HtmlReport.class.getResourceAsStream("report.css")) {
            if (in == null) {
                throw new IOException("report.css is not in this build");
            }
            return new String(in.readAllBytes(), UTF_8);
        }
    }

    private void head() {
        Profile profile = report.profile();
        html.add("<h1>Rill beside others</h1>");
        html.add("<p class=soft>%s, took %s, <code>%s</code></p>", report.started(), report.took(), report.command());
        html.add(
                "<p>Each figure is the median of %d rounds, each run in fresh processes; the line across a bar is where 95 %% of"
                        + " resampled medians lie. Ratios are of runs in the same round. Rill against itself gives the noise, on epoll where"
                        + " there is a choice, and that serves for all; what lies inside is called <i>no difference</i>.</p>",
                profile.pairs());
        if (profile.pairs() < Statistics.PAIRS_FOR_A_VERDICT) {
            html.add(
                    "<p class=behind>Only %d rounds: too few for any verdict. This shows that it works, and nothing else.</p>",
                    profile.pairs());
        }
        if (!report.notRun().isEmpty()) {
            html.add(
                    "<p class=behind>Incomplete: this run is not over, or was interrupted, or failed. %d cases are missing; <a"
                            + " href=\"#left-out\">Left out</a> names them.</p>",
                    report.notRun().size());
        }
        html.raw("<nav>");
        report.sections().forEach(each -> html.add("<a href=\"#%s\">%s</a>", each.name(), each.title()));
        html.raw("<a href=\"#left-out\">Left out</a><a href=\"#set-up\">Machine and flags</a></nav>");
    }

    private void section(Section section) {
        html.add("<h2 id=\"%s\">%s</h2><p class=soft>%s</p>", section.name(), section.title(), section.explanation());
        List<FigureText> judged =
                section.figures().stream().filter(FigureText::judged).toList();
        HtmlCharts.growth(html, section);
        for (Case each : section.cases()) {
            html.add("<h3>%s</h3>", each.name());
            if (!each.leftOut().isEmpty()) {
                html.add(
                        "<p class=soft>Left out here: %s.</p>",
                        String.join(
                                "; ",
                                each.leftOut().stream()
                                        .map(one -> one.what() + " (" + one.reason() + ")")
                                        .toList()));
            }
            if (each.entries().isEmpty()) {
                html.raw("<p>Nothing could be measured.</p>");
                continue;
            }
            if (!judged.isEmpty()) {
                HtmlCharts.bars(html, each, judged.getFirst());
            }
            if (judged.size() > 1) {
                html.raw("<details><summary>More charts</summary>");
                judged.subList(1, judged.size()).forEach(figure -> HtmlCharts.bars(html, each, figure));
                html.raw("</details>");
            }
            HtmlCharts.latency(html, each);
            comparisons(each, judged);
            figures(section, each);
        }
    }

    /** Adds one table per contestant of Rill's: a row for each other contestant, a column for each figure. */
    private void comparisons(Case each, List<FigureText> judged) {
        for (Entry subject : each.entries()) {
            List<Comparison> all = each.comparisons().stream()
                    .filter(comparison -> comparison.subject().equals(subject.name()))
                    .toList();
            if (all.isEmpty()) {
                continue;
            }
            html.add("<h4>%s, as a multiple of</h4><div class=wide><table><tr><th>", subject.name());
            List<FigureText> columns = judged.stream()
                    .filter(figure ->
                            all.stream().anyMatch(each2 -> each2.figure().equals(figure.key())))
                    .toList();
            columns.forEach(figure ->
                    html.add("<th>%s<br>(%s is better)", figure.key(), figure.higherIsBetter() ? "more" : "less"));
            for (String baseline :
                    all.stream().map(Comparison::baseline).distinct().toList()) {
                html.add("<tr><td>%s", baseline);
                for (FigureText figure : columns) {
                    html.raw(all.stream()
                            .filter(one -> one.baseline().equals(baseline)
                                    && one.figure().equals(figure.key()))
                            .findFirst()
                            .map(HtmlReport::cell)
                            .orElse("<td>"));
                }
            }
            html.raw("</table></div>");
        }
    }

    private static String cell(Comparison one) {
        String kind = one.verdict().replace(' ', '-');
        return "<td class=\"" + kind + "\">× " + Units.number(one.ratio()) + " <span class=soft>("
                + Units.number(one.low()) + "–" + Units.number(one.high()) + ")</span><br>" + one.verdict();
    }

    private void figures(Section section, Case each) {
        html.raw("<details><summary>All figures</summary><div class=wide><table><tr><th>");
        section.figures().forEach(figure -> html.add("<th>%s", figure.key()));
        for (Entry entry : each.entries()) {
            html.add("<tr><td>%s", entry.name());
            for (FigureText figure : section.figures()) {
                Report.Value value = entry.medians().get(figure.key());
                html.add("<td>%s", value == null ? "" : Units.text(figure.unit(), value.value()));
            }
        }
        html.raw("</table></div>");
        if (each.floors().isEmpty() && !each.comparisons().isEmpty()) {
            html.raw(
                    "<p class=soft>Nobody ran twice in this case or in the headline before it, so there is no noise floor, and no"
                            + " verdict.</p>");
        }
        if (!each.floors().isEmpty()) {
            html.add(
                    "<p class=soft>Noise, the same against itself%s: %s.</p>",
                    each.floorsFrom().equals(each.name()) ? "" : ", as in the case " + each.floorsFrom(),
                    String.join(
                            ", ",
                            each.floors().entrySet().stream()
                                    .map(floor -> floor.getKey() + " × " + Units.number(floor.getValue()))
                                    .toList()));
        }
        html.raw("<dl>");
        section.figures().forEach(figure -> html.add("<dt>%s<dd>%s", figure.key(), figure.title()));
        html.raw("</dl></details>");
    }

    private void leftOut() {
        html.raw("<h2 id=\"left-out\">Left out</h2>");
        if (!report.notRun().isEmpty()) {
            html.add("<p>Not run: %s.</p>", String.join("; ", report.notRun()));
        }
        if (report.leftOut().isEmpty() && report.notRun().isEmpty()) {
            html.raw("<p>Nothing.</p>");
            return;
        }
        html.raw("<dl>");
        report.leftOut().forEach(each -> html.add("<dt>%s<dd>%s", each.what(), each.reason()));
        html.raw("</dl>");
    }

    private void setUp() {
        html.raw("<h2 id=\"set-up\">Machine and flags</h2>");
        list(report.machine());
        list(report.versions());
        for (Section section : report.sections()) {
            html.add("<details><summary>%s</summary><dl>", section.title());
            section.cases().stream()
                    .flatMap(each -> each.entries().stream())
                    .map(entry -> Map.entry(entry.name(), entry))
                    .collect(java.util.stream.Collectors.toMap(
                            Map.Entry::getKey,
                            Map.Entry::getValue,
                            (first, again) -> first,
                            java.util.LinkedHashMap::new))
                    .values()
                    .forEach(entry -> html.add(
                            "<dt>%s<dd>%s<br><code>%s</code>",
                            entry.name(), entry.title(), String.join(" ", entry.flags())));
            html.raw("</dl></details>");
        }
    }

    private void list(Map<String, String> values) {
        html.raw("<dl>");
        values.forEach((name, value) -> html.add("<dt>%s<dd>%s", name, value));
        html.raw("</dl>");
    }
}
