package rill.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import rill.bench.Contest.Contestant;
import rill.bench.Contest.Outcome;
import rill.bench.EchoBenchmark.Shape;
import rill.bench.Profile.Extent;

/**
 * Latency at a fixed rate, from when each message was due, so that a server that falls behind can't hide it. The rates are half and
 * four fifths of the slowest contestant's peak, which is found first.
 */
final class LatencyBenchmark implements Benchmark {
    private static final Shape SHAPE = new Shape(50, 1, 16);
    private static final double[] PARTS = {0.5, 0.8};
    /** Long enough for a quantile of 99.99 %. */
    private static final double LONGER = 2;

    @Override
    public String name() {
        return "latency";
    }

    @Override
    public String title() {
        return "Echo: latency at a fixed rate";
    }

    @Override
    public String explanation() {
        return "50 connections, 16 B, sent on a schedule at a fixed rate; times count from when a message was due. The rates are"
                + " half and 80 % of the slowest contestant's peak with one message in flight.";
    }

    @Override
    public Optional<String> missing(Bench bench) {
        return bench.machine().whyNoProcesses().or(Tools::whyNoCompiler);
    }

    @Override
    public boolean quick() {
        return false;
    }

    @Override
    public List<Contest> contests(Bench bench) {
        var peak = new Peak(bench, contenders(bench));
        List<Contest> contests = new ArrayList<>();
        for (double part : bench.profile().extent() == Extent.QUICK ? new double[] {PARTS[0]} : PARTS) {
            String name = Math.round(part * 100) + " % of the slowest peak";
            List<Contestant> contestants = new ArrayList<>();
            for (Contender each : contenders(bench)) {
                contestants.add(new Contestant(
                        each.name(),
                        each.title(),
                        each.ours(),
                        bench.flags(each),
                        () -> run(bench, each, peak.slowest() * part)));
            }
            Map<String, Object> parameters = new LinkedHashMap<>(SHAPE.parameters());
            parameters.remove("in flight");
            parameters.put("part of peak", part);
            contests.add(new Contest(name, parameters, contestants));
        }
        return contests;
    }

    private static List<Contender> contenders(Bench bench) {
        return bench.profile().extent() == Extent.QUICK
                ? EchoBenchmark.contenders(Extent.QUICK)
                : Contenders.echo().stream()
                        .filter(each -> !each.name().endsWith("-adaptive"))
                        .toList();
    }

    /** Found when it is first asked for: one closed-loop run of each that is to be had here. */
    private static final class Peak {
        private final Bench bench;
        private final List<Contender> contenders;
        private double slowest;

        Peak(Bench bench, List<Contender> contenders) {
            this.bench = bench;
            this.contenders = contenders;
        }

        double slowest() throws IOException {
            if (slowest == 0) {
                double found = Double.MAX_VALUE;
                for (Contender each : contenders) {
                    try {
                        Outcome outcome = EchoBenchmark.run(bench, each, SHAPE);
                        found = Math.min(found, outcome.figures().getOrDefault(Figure.RATE.key, found));
                    } catch (LeftOutException e) {
                        // its own run says so
                    }
                }
                slowest = found;
            }
            return slowest;
        }
    }

    private static Outcome run(Bench bench, Contender contender, double rate) throws IOException {
        Profile profile = bench.profile();
        var longer =
                new Profile(profile.extent(), profile.pairs(), profile.warmUpSeconds(), profile.seconds() * LONGER);
        try (Child server = bench.server(contender);
                Child load = bench.load(
                        "rate",
                        Integer.parseInt(server.expect("listening")),
                        longer.seconds(),
                        SHAPE.size(),
                        SHAPE.connections(),
                        Double.toString(rate))) {
            load.expect("ready");
            return new Window(load, server, load).measure(longer);
        }
    }

    @Override
    public double secondsPerRun(Profile profile) {
        return profile.warmUpSeconds() + profile.seconds() * LONGER + 0.8;
    }
}
