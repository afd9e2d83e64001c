package rill.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import rill.bench.Contest.Contestant;
import rill.bench.Contest.Outcome;

/** Whole sessions with benchmarks that measure nothing. */
final class SessionTest {
    private final Tools tools = new Tools();
    private final List<Report> kept = new ArrayList<>();
    private final StringWriter out = new StringWriter();
    private List<String> cases = List.of();
    private List<String> contestants = List.of();

    SessionTest() throws IOException {}

    @AfterEach
    void close() throws IOException {
        tools.close();
    }

    private record Fake(String name, List<Contest> contests) implements Benchmark {
        @Override
        public String title() {
            return "The title of " + name;
        }

        @Override
        public String explanation() {
            return "Nothing is measured.";
        }

        @Override
        public Optional<String> missing(Bench bench) {
            return Optional.empty();
        }

        @Override
        public List<Contest> contests(Bench bench) {
            return contests;
        }

        @Override
        public double secondsPerRun(Profile profile) {
            return 1;
        }
    }

    private static Contestant giving(String name, boolean ours, double... rates) {
        var next = new int[1];
        return new Contestant(
                name,
                name,
                ours,
                List.of(),
                () -> new Outcome(Map.of(Figure.RATE.key, rates[next[0]++ % rates.length])));
    }

    private static Contest contest(String name, boolean headline, Contestant... contestants) {
        return new Contest(name, Map.of(), List.of(contestants), headline);
    }

    private static Contest plain(String name, boolean headline) {
        return contest(name, headline, giving("rill", true, 2), giving("netty", false, 1));
    }

    private Bench bench(Profile profile) {
        return new Bench(Machine.look(), profile, tools, ClassPath.ofThisProcess());
    }

    private Report run(Session.Keeper keeper, Benchmark... benchmarks) throws IOException {
        return new Session(bench(Profile.full()), new PrintWriter(out), "./rill bench", keeper)
                .run(List.of(benchmarks), new Selection(true, cases, contestants));
    }

    @Test
    void the_report_is_kept_after_every_case_and_says_what_is_still_missing() throws IOException {
        Report whole = run(
                kept::add,
                new Fake("one", List.of(plain("first", true), plain("second", false))),
                new Fake("two", List.of(plain("third", true))));
        assertThat(kept.stream().map(Report::notRun))
                .containsExactly(
                        List.of("one: first", "one: second", "two: third"),
                        List.of("one: second", "two: third"),
                        List.of("two: third"),
                        List.of());
        assertThat(kept.get(1).sections())
                .singleElement()
                .satisfies(section -> assertThat(section.cases()).hasSize(1));
        assertThat(whole.sections()).hasSize(2);
    }

    @Test
    void what_was_kept_before_an_interruption_is_a_whole_report_that_says_so() {
        var fake = new Fake("one", List.of(plain("first", true), plain("second", false)));
        assertThatThrownBy(() -> run(
                        report -> {
                            kept.add(report);
                            if (kept.size() == 2) {
                                throw new IOException("interrupted");
                            }
                        },
                        fake))
                .hasMessage("interrupted");
        assertThat(HtmlReportTest.page(kept.getLast()))
                .contains("Incomplete", "one: second", "<h3>first</h3>")
                .doesNotContain("<h3>second</h3>")
                .endsWith("</html>\n");
    }

    @Test
    void a_contestant_that_fails_in_one_case_takes_part_in_the_next() throws IOException {
        var runs = new int[1];
        var failing = new Contestant("rill", "rill", true, List.of(), () -> {
            if (runs[0]++ == 0) {
                throw new IOException("it crashed");
            }
            return new Outcome(Map.of(Figure.RATE.key, 2.0));
        });
        Contest first = contest("first", false, failing, giving("netty", false, 1));
        Contest second = contest("second", false, failing, giving("netty", false, 1));
        Report report = run(kept::add, new Fake("one", List.of(first, second)));
        List<Report.Case> cases = report.sections().getFirst().cases();
        assertThat(cases.getFirst().leftOut()).containsExactly(new Report.LeftOut("rill", "failed: it crashed"));
        assertThat(cases.getFirst().entries()).extracting(Report.Entry::name).containsExactly("netty");
        assertThat(cases.getLast().entries()).extracting(Report.Entry::name).containsExactly("rill", "netty");
        assertThat(report.leftOut()).containsExactly(new Report.LeftOut("one: rill", "failed: it crashed"));
    }

    @Test
    void a_case_without_a_noise_floor_of_its_own_has_that_of_the_headline_before_it() throws IOException {
        Contest noisy = contest("noisy", true, giving("rill", true, 4, 2), giving("netty", false, 1));
        Contest calm = contest("calm", true, giving("rill", true, 4), giving("netty", false, 1));
        Report report =
                run(kept::add, new Fake("one", List.of(noisy, plain("next", false), calm, plain("last", false))));
        assertThat(report.sections().getFirst().cases())
                .extracting(Report.Case::floorsFrom)
                .containsExactly("noisy", "noisy", "calm", "calm");
        assertThat(report.sections().getFirst().cases())
                .extracting(each -> each.floors().get(Figure.RATE.key))
                .containsExactly(2.0, 2.0, 1.0, 1.0);
    }

    @Test
    void the_first_case_has_a_noise_floor_of_its_own_even_if_it_is_no_headline() throws IOException {
        Contest alone = contest("alone", false, giving("rill", true, 1));
        Report report = run(
                kept::add,
                new Fake("one", List.of(alone, plain("first", false), plain("second", false))),
                new Fake("two", List.of(plain("third", false))));
        assertThat(report.sections().getFirst().cases())
                .extracting(Report.Case::floorsFrom)
                .containsExactly("", "first", "first");
        assertThat(report.sections().getLast().cases())
                .extracting(Report.Case::floorsFrom)
                .containsExactly("third");
    }

    @Test
    void a_headline_whose_noise_could_not_be_measured_does_not_get_that_of_another_and_no_verdict() throws IOException {
        var runs = new int[1];
        var failing = new Contestant("rill", "rill", true, List.of(), () -> {
            if (++runs[0] == 2) { // its second run in the first round
                throw new IOException("it crashed");
            }
            return new Outcome(Map.of(Figure.RATE.key, 2.0));
        });
        Contest second = contest("second", true, failing, giving("rill-other", true, 2), giving("netty", false, 1));
        Report report = run(kept::add, new Fake("one", List.of(plain("first", true), second, plain("third", false))));
        assertThat(report.sections().getFirst().cases())
                .extracting(Report.Case::floorsFrom)
                .containsExactly("first", "", "");
        assertThat(report.sections().getFirst().cases())
                .extracting(each -> each.comparisons().getFirst().verdict())
                .containsExactly("ahead", "no noise floor", "no noise floor");
        assertThat(HtmlReportTest.page(report))
                .contains(
                        "Nobody ran twice in this case or in the headline before it, so there is no noise floor, and no verdict.");
    }

    @Test
    void only_the_cases_and_the_contestants_that_are_wanted_run() throws IOException {
        Contest first = contest(
                "50 × 1, 16 B", true, giving("rill", true, 2), giving("netty", false, 1), giving("c", false, 1));
        cases = List.of("50 x 1,");
        contestants = List.of("rill", "c");
        Report report = run(kept::add, new Fake("one", List.of(first, plain("50 × 16, 16 B", true))));
        List<Report.Case> done = report.sections().getFirst().cases();
        assertThat(done)
                .singleElement()
                .satisfies(each -> assertThat(each.entries())
                        .extracting(Report.Entry::name)
                        .containsExactly("rill", "c"));
        assertThat(report.notRun()).isEmpty();
    }

    @Test
    void a_choice_that_leaves_nothing_is_the_users_mistake() {
        contestants = List.of("rillo");
        assertThatThrownBy(() -> run(kept::add, new Fake("one", List.of(plain("first", true)))))
                .isInstanceOf(Selection.NothingLeftException.class)
                .hasMessageContaining("a contestant called rillo");
        assertThat(kept).isEmpty();
    }

    @Test
    void every_extent_is_planned_for_the_time_that_it_is_said_to_take() {
        assertThat(minutes(Profile.quick(), Benchmark::quick)).isLessThan(10);
        assertThat(minutes(Profile.usual(), each -> true)).isBetween(85.0, 110.0);
        assertThat(minutes(Profile.full(), each -> true)).isBetween(190.0, 225.0);
    }

    private double minutes(Profile profile, java.util.function.Predicate<Benchmark> included) {
        Bench bench = bench(profile);
        return Benchmarks.all().stream()
                        .filter(included)
                        .mapToDouble(each -> Session.seconds(bench, each, each.contests(bench)))
                        .sum()
                / 60;
    }

    @Test
    void where_rill_is_on_io_uring_beside_netty_so_is_netty() {
        for (Profile profile : List.of(Profile.quick(), Profile.usual(), Profile.full())) {
            Bench bench = bench(profile);
            for (Benchmark each : Benchmarks.all()) {
                for (Contest contest : each.contests(bench)) {
                    List<String> names =
                            contest.contestants().stream().map(Contestant::name).toList();
                    if (names.contains("rill-uring") && names.contains("netty-epoll")) {
                        assertThat(names)
                                .as(each.name() + ", " + contest.name() + ", " + profile.extent())
                                .contains("netty-io_uring");
                    }
                }
            }
        }
    }

    @Test
    void only_programs_that_are_weighed_lose_their_soft_references() {
        Bench bench = bench(Profile.full());
        for (Benchmark each : Benchmarks.all()) {
            for (Contest contest : each.contests(bench)) {
                boolean weighed =
                        contest.name().endsWith(" held") || contest.name().endsWith(" on 100 hosts");
                assertThat(contest.contestants())
                        .filteredOn(one -> one.flags().contains("-Xmx256m"))
                        .as(each.name() + ", " + contest.name())
                        .allMatch(one -> one.flags().contains("-XX:SoftRefLRUPolicyMSPerMB=0") == weighed);
            }
        }
    }

    @Test
    void a_full_echo_is_a_star_around_its_headlines() {
        List<Contest> contests = new EchoBenchmark().contests(bench(Profile.full()));
        assertThat(contests.stream().filter(Contest::headline).map(Contest::name))
                .containsExactly("50 × 1, 16 B", "50 × 16, 16 B", "500 × 1, 16 B", "500 × 16, 16 B");
        assertThat(contests.stream().filter(each -> !each.headline()).map(Contest::name))
                .containsExactly(
                        "1 × 1, 16 B",
                        "1 × 16, 16 B",
                        "5,000 × 1, 16 B",
                        "5,000 × 16, 16 B",
                        "50 × 1, 512 B",
                        "50 × 16, 512 B",
                        "50 × 1, 16 KiB",
                        "50 × 16, 16 KiB");
        assertThat(contests.getLast().contestants())
                .extracting(Contestant::name)
                .containsExactly(
                        "rill-nio", "rill-epoll", "rill-uring", "netty-nio", "netty-epoll", "netty-io_uring", "bare-c");
    }
}
