package rill.bench;

import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import rill.bench.Profile.Extent;

/**
 * One invocation of {@code ./rill bench}: runs the chosen benchmarks and writes the report. The report is saved after every case, so that a run that
 * is interrupted, or fails, has not been in vain.
 */
final class Session {
    /** Receives the report again and again, each time with more content. */
    interface Keeper {
        void keep(Report report) throws IOException;
    }

    private final Bench bench;
    private final PrintWriter out;
    private final String command;
    private final Keeper keeper;
    private final Instant start = Instant.now();
    private final Map<Benchmark, List<Contest>> plan = new LinkedHashMap<>();
    private final Map<Benchmark, List<Report.Case>> done = new LinkedHashMap<>();
    private final List<Report.LeftOut> leftOut = new ArrayList<>();

    Session(Bench bench, PrintWriter out, String command, Keeper keeper) {
        this.bench = bench;
        this.out = out;
        this.command = command;
        this.keeper = keeper;
    }

    Report run(List<Benchmark> chosen, Selection selection) throws IOException {
        plan(chosen, selection);
        double planned = 0;
        for (var each : plan.entrySet()) {
            planned += seconds(bench, each.getKey(), each.getValue());
        }
        out.println("planned: about " + Units.duration(planned));
        var progress = new Progress(out, planned);
        keeper.keep(report());
        double before = 0;
        for (var each : plan.entrySet()) {
            Benchmark benchmark = each.getKey();
            progress.benchmark(
                    benchmark.title(),
                    before + benchmark.secondsBefore(bench.profile()),
                    benchmark.secondsPerRun(bench.profile()));
            run(benchmark, each.getValue(), progress);
            before += seconds(bench, benchmark, each.getValue());
        }
        return report();
    }

    private void plan(List<Benchmark> chosen, Selection selection) {
        for (Benchmark each : chosen) {
            Optional<String> missing = each.missing(bench);
            if (!selection.named() && !each.quick() && bench.profile().extent() == Extent.QUICK) {
                missing = Optional.of("not part of a quick run, unless it is named");
            }
            if (missing.isPresent()) {
                leftOut.add(new Report.LeftOut(each.name(), missing.get()));
                out.println("left out: " + each.name() + ": " + missing.get());
            } else {
                List<Contest> contests = selection.of(each.contests(bench));
                if (!contests.isEmpty() || selection.isWhole()) {
                    plan.put(each, contests);
                }
            }
        }
        selection.requireSomething(!plan.isEmpty() || leftOut.size() == chosen.size());
    }

    /** Returns the time planned for a benchmark. */
    static double seconds(Bench bench, Benchmark benchmark, List<Contest> contests) {
        double perRun = benchmark.secondsPerRun(bench.profile());
        double seconds = benchmark.secondsBefore(bench.profile());
        for (Contest contest : contests) {
            long aside = contest.contestants().stream()
                    .filter(each -> each.aside() != null)
                    .count();
            double perRound = contest.contestants().size() + (withNoise(bench, contest, contests) ? 1.0 : 0.0);
            seconds += (perRound * bench.profile().pairs() + aside) * perRun;
        }
        return seconds;
    }

    /** Whether a contestant runs twice in each round: in the first case, whichever that is, and but for a quick run in each headline. */
    private static boolean withNoise(Bench bench, Contest contest, List<Contest> contests) {
        boolean first =
                contests.stream().filter(Contest::compared).findFirst().stream().anyMatch(each -> each == contest);
        return first
                || (contest.compared() && contest.headline() && bench.profile().extent() != Extent.QUICK);
    }

    private void run(Benchmark benchmark, List<Contest> contests, Progress progress) throws IOException {
        var conductor = new Conductor(bench.profile().pairs(), progress);
        List<Report.Case> cases = new ArrayList<>();
        done.put(benchmark, cases);
        Judge.Floors floors = Judge.Floors.NONE;
        for (Contest contest : contests) {
            boolean withNoise = withNoise(bench, contest, contests);
            Conductor.Rounds rounds = conductor.run(contest, withNoise);
            if (withNoise) { // without pairs for a floor there is none, rather than that of another headline
                floors = rounds.same().size() < bench.profile().pairs()
                        ? Judge.Floors.NONE
                        : new Judge.Floors(contest.name(), Judge.floors(rounds.same()));
            }
            Report.Case judged = Judge.judge(contest, rounds, floors);
            cases.add(judged);
            for (Report.LeftOut each : judged.leftOut()) {
                var entry = new Report.LeftOut(benchmark.name() + ": " + each.what(), each.reason());
                if (!leftOut.contains(entry)) {
                    leftOut.add(entry);
                }
            }
            keeper.keep(report());
        }
    }

    /** Returns the report of everything done so far. */
    private Report report() {
        List<Report.Section> sections = new ArrayList<>();
        List<String> notRun = new ArrayList<>();
        plan.forEach((benchmark, contests) -> {
            List<Report.Case> cases = List.copyOf(done.getOrDefault(benchmark, List.of()));
            if (!cases.isEmpty()) {
                sections.add(new Report.Section(
                        benchmark.name(), benchmark.title(), benchmark.explanation(), figures(cases), cases));
            }
            contests.stream().skip(cases.size()).forEach(each -> notRun.add(benchmark.name() + ": " + each.name()));
        });
        return new Report(
                start.truncatedTo(ChronoUnit.SECONDS).toString(),
                Units.duration(Duration.between(start, Instant.now()).toMillis() / 1e3),
                bench.profile(),
                command,
                bench.machine().description(),
                versions(),
                sections,
                List.copyOf(leftOut),
                notRun);
    }

    private static List<Report.FigureText> figures(List<Report.Case> cases) {
        Map<String, Report.FigureText> figures = new LinkedHashMap<>();
        for (Report.Case each : cases) {
            for (Report.Entry entry : each.entries()) {
                for (String key : entry.medians().keySet()) {
                    Figure figure = Figure.of(key);
                    figures.put(
                            key,
                            new Report.FigureText(
                                    key, figure.title, figure.unit, figure.higherIsBetter, figure.judged));
                }
            }
        }
        return List.copyOf(figures.values());
    }

    private Map<String, String> versions() {
        Map<String, String> versions = new TreeMap<>();
        for (String artifact :
                List.of("rill-core", "netty-transport", "lettuce-core", "jedis", "vertx-redis-client", "jmh-core")) {
            bench.classPath().version(artifact).ifPresent(version -> versions.put(artifact, version));
        }
        return versions;
    }
}
