package rill.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import rill.bench.Contest.Contestant;
import rill.bench.Contest.Outcome;

/** The bytes of the jars that an echo server needs. The other benchmarks run on exactly these, which proves that they are enough. */
final class JarsBenchmark implements Benchmark {
    @Override
    public String name() {
        return "jars";
    }

    @Override
    public String title() {
        return "Jars needed for an echo";
    }

    @Override
    public String explanation() {
        return "The sum of the jars on the class path of the echo servers above; nothing is timed.";
    }

    @Override
    public Optional<String> missing(Bench bench) {
        return Optional.empty();
    }

    @Override
    public List<Contest> contests(Bench bench) {
        List<Contestant> contestants = Contenders.echo().stream()
                .filter(each -> !each.jars().isEmpty())
                .filter(each ->
                        !each.name().endsWith("-adaptive") && !each.name().endsWith("-plain"))
                .map(each ->
                        new Contestant(each.name(), each.title(), each.ours(), each.jars(), () -> outcome(bench, each)))
                .toList();
        return List.of(new Contest("echo", new LinkedHashMap<>(), contestants, true));
    }

    private static Outcome outcome(Bench bench, Contender contender) throws IOException {
        List<Path> jars = bench.classPath()
                .needed(contender)
                .orElseThrow(() -> new LeftOutException("not all of its jars are in this build: " + contender.jars()));
        return new Outcome(Map.of(Figure.JARS.key, (double) ClassPath.bytes(jars)));
    }

    @Override
    public double secondsPerRun(Profile profile) {
        return 0;
    }
}
