package rill.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import rill.bench.Report.Case;
import rill.bench.Report.Comparison;

/** The page, for reports made by hand. */
final class HtmlReportTest {
    static String page(Report report) {
        try {
            return HtmlReport.of(report);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Report.Entry entry(String name) {
        return new Report.Entry(
                name,
                name,
                name.startsWith("rill"),
                List.of(),
                List.of(),
                Map.of("rate", new Report.Value(2, 2, 2)),
                List.of(),
                List.of());
    }

    private static Case echo(String name, boolean headline, String verdict) {
        return new Case(
                name,
                Map.of(),
                headline,
                Map.of("rate", 1.1),
                "the first",
                List.of(entry("rill-epoll"), entry("netty-epoll")),
                List.of(new Comparison("rate", "rill-epoll", "netty-epoll", 1.25, 1.2, 1.3, 5, verdict)),
                List.of(new Report.LeftOut("netty-io_uring", "no such kernel")));
    }

    private static Report report(Case... cases) {
        var rate = new Report.FigureText("rate", "messages per second", "/s", true, true);
        return new Report(
                "now",
                "0:01 min",
                Profile.usual(),
                "./rill bench",
                Map.of(),
                Map.of(),
                List.of(new Report.Section("echo", "Echo", "How to read it.", List.of(rate), List.of(cases))),
                List.of(),
                List.of());
    }

    @Test
    void the_summary_has_the_headlines_and_no_other_case() {
        String page = page(report(echo("the first", true, "ahead"), echo("an aside", false, "behind")));
        String summary = page.substring(page.indexOf("id=\"summary\""), page.indexOf("<h3>"));
        assertThat(summary)
                .contains("the first", "<td class=\"ahead\"><b>× 1.25</b> ahead")
                .doesNotContain("an aside", "behind");
    }

    @Test
    void a_case_says_who_was_left_out_of_it_and_where_its_noise_floor_is_from() {
        assertThat(page(report(echo("an aside", false, "ahead"))))
                .contains(
                        "Left out here: netty-io_uring (no such kernel).",
                        "the same against itself, as in the case the first: rate × 1.10");
    }

    @Test
    void a_whole_report_does_not_call_itself_incomplete() {
        assertThat(page(report(echo("the first", true, "ahead")))).doesNotContain("Incomplete");
    }
}
