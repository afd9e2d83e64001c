package rill.bench;

import java.io.IOException;
import java.io.PrintWriter;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import rill.bench.Profile.Extent;

/** One call of {@code ./rill bench}: runs the benchmarks that were chosen, and makes the report. */
final class Session {
    private final Bench bench;
    private final PrintWriter out;
    private final List<Report.LeftOut> leftOut = new ArrayList<>();

    Session(Bench bench, PrintWriter out) {
        this.bench = bench;
        this.out = out;
    }

    /** {@code named} says whether the user has asked for just these. */
    Report run(List<Benchmark> chosen, boolean named, String command) throws IOException {
        Instant start = Instant.now();
        Map<Benchmark, List<Contest>> plan = plan(chosen, named);
        double planned = 0;
        for (var each : plan.entrySet()) {
            planned += seconds(each.getKey(), each.getValue());
        }
        out.println("planned: about " + Units.duration(planned));
        var progress = new Progress(out, planned);
        List<Report.Section> sections = new ArrayList<>();
        double before = 0;
        for (var each : plan.entrySet()) {
            Benchmark benchmark = each.getKey();
            progress.benchmark(benchmark.title(), before, benchmark.secondsPerRun(bench.profile()));
            sections.add(section(benchmark, each.getValue(), progress));
            before += seconds(benchmark, each.getValue());
        }
        return new Report(
                start.truncatedTo(ChronoUnit.SECONDS).toString(),
                Units.duration(java.time.Duration.between(start, Instant.now()).toMillis() / 1e3),
                bench.profile(),
                command,
                bench.machine().description(),
                versions(),
                sections,
                leftOut);
    }

    private Map<Benchmark, List<Contest>> plan(List<Benchmark> chosen, boolean named) throws IOException {
        Map<Benchmark, List<Contest>> plan = new LinkedHashMap<>();
        for (Benchmark each : chosen) {
            Optional<String> missing = each.missing(bench);
            if (!named && !each.quick() && bench.profile().extent() == Extent.QUICK) {
                missing = Optional.of("not part of a quick run, unless it is named");
            }
            if (missing.isPresent()) {
                leftOut.add(new Report.LeftOut(each.name(), missing.get()));
                out.println("left out: " + each.name() + ": " + missing.get());
            } else {
                plan.put(each, each.contests(bench));
            }
        }
        return plan;
    }

    /** Rounds, and runs of one contestant against itself; for a first answer those of the first case serve for all. */
    private double seconds(Benchmark benchmark, List<Contest> contests) {
        double perRun = benchmark.secondsPerRun(bench.profile());
        return contests.stream()
                .mapToDouble(contest -> {
                    long aside = contest.contestants().stream()
                            .filter(each -> each.aside() != null)
                            .count();
                    boolean withNoise =
                            contest == contests.getFirst() || bench.profile().atLeast(Extent.USUAL);
                    double perRound = contest.contestants().size() + (withNoise ? 2.0 : 0.0);
                    return (perRound * bench.profile().pairs() + aside) * perRun;
                })
                .sum();
    }

    private Report.Section section(Benchmark benchmark, List<Contest> contests, Progress progress) {
        var conductor = new Conductor(bench.profile().pairs(), progress);
        List<Report.Case> cases = new ArrayList<>();
        Map<String, Double> floors = Map.of();
        for (Contest contest : contests) {
            boolean withNoise = cases.isEmpty() || bench.profile().atLeast(Extent.USUAL);
            Conductor.Rounds rounds = conductor.run(contest, withNoise);
            if (withNoise) {
                floors = Judge.floors(rounds.same());
            }
            rounds.leftOut().forEach((contestant, reason) -> {
                var entry = new Report.LeftOut(benchmark.name() + ": " + contestant.name(), reason);
                if (!leftOut.contains(entry)) {
                    leftOut.add(entry);
                }
            });
            cases.add(Judge.judge(contest, rounds, floors));
        }
        return new Report.Section(benchmark.name(), benchmark.title(), benchmark.explanation(), figures(cases), cases);
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
