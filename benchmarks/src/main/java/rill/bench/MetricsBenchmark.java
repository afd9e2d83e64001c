package rill.bench;

import java.util.List;
import java.util.Optional;
import rill.bench.EchoBenchmark.Shape;

/** The cost of being observed: the echo of Rill alone, with its metrics read once a second, and without. */
final class MetricsBenchmark implements Benchmark {
    private static final List<Shape> SHAPES = List.of(new Shape(50, 1, 16), new Shape(50, 16, 16));

    @Override
    public String name() {
        return "metrics";
    }

    @Override
    public String title() {
        return "Metrics: what reading them costs an echo";
    }

    @Override
    public String explanation() {
        return "Rill's echo server beside itself: in one of the two another thread reads all that the loop counts once a second, and an"
                + " observer is told of its connections. Counting itself is never switched off.";
    }

    @Override
    public boolean quick() {
        return false;
    }

    @Override
    public Optional<String> missing(Bench bench) {
        return bench.machine().whyNoProcesses().or(Tools::whyNoCompiler);
    }

    @Override
    public List<Contest> contests(Bench bench) {
        return SHAPES.stream()
                .map(shape -> EchoBenchmark.contest(bench, shape, Contenders.metrics(), false, false))
                .toList();
    }

    @Override
    public double secondsPerRun(Profile profile) {
        return new EchoBenchmark().secondsPerRun(profile);
    }
}
