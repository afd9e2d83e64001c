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
import rill.bench.Tools.Program;

/**
 * Latency at a fixed rate, counted from when each message was due. A server that falls behind has many messages without an answer, and so without a
 * latency, at the end of the window; it gets no verdict. The rates are half and four fifths of the slower of Rill's and Netty's peaks, which are
 * determined first.
 */
final class LatencyBenchmark implements Benchmark {
    private static final Shape SHAPE = new Shape(50, 1, 16);
    private static final double[] PARTS = {0.5, 0.8};
    private static final int PEAK_RUNS = 3;
    /** A server that is not always busy is compiled later, and a compilation would show in the latencies. */
    private static final double WARM_UPS = 2;
    /** Enough messages for the 99.9 % quantile. */
    private static final double WINDOWS = 2;

    private static final double START_SECONDS = 0.6;

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
                + " half and 80 % of the peak, with one message in flight, of Rill or Netty on epoll, whichever is slower; others may"
                + " have a lower peak, and fall behind, which is noted, and then there is no verdict.";
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
        var peak = new Peak(bench);
        List<Contest> contests = new ArrayList<>();
        for (double part : bench.profile().extent() == Extent.FULL ? PARTS : new double[] {PARTS[0]}) {
            String name = Math.round(part * 100) + " % of the slower peak";
            List<Contestant> contestants = new ArrayList<>();
            for (Contender each : Contenders.principal(bench.profile().extent())) {
                contestants.add(bench.contestant(each, () -> run(bench, each, peak.slower() * part)));
            }
            Map<String, Object> parameters = new LinkedHashMap<>(SHAPE.parameters());
            parameters.remove("in flight");
            parameters.put("part of peak", part);
            contests.add(new Contest(name, parameters, contestants, true));
        }
        return contests;
    }

    /**
     * The peak rate, determined on first use: the slower side's median over some closed-loop runs. The two sides are Rill and Netty on epoll, or on
     * NIO where there is no epoll.
     */
    private static final class Peak {
        private final Bench bench;
        private double peak;

        Peak(Bench bench) {
            this.bench = bench;
        }

        double slower() throws IOException {
            if (peak == 0) {
                try {
                    peak = slower("epoll");
                } catch (LeftOutException e) {
                    peak = slower("nio");
                }
            }
            return peak;
        }

        private double slower(String transport) throws IOException {
            return Math.min(median("rill-" + transport), median("netty-" + transport));
        }

        private double median(String name) throws IOException {
            Contender contender = Contenders.echo().stream()
                    .filter(each -> each.name().equals(name))
                    .findFirst()
                    .orElseThrow(() -> new IllegalArgumentException("there is no contender " + name));
            double[] rates = new double[PEAK_RUNS];
            for (int i = 0; i < rates.length; i++) {
                Outcome outcome = EchoBenchmark.run(bench, Program.LOAD, contender, SHAPE);
                rates[i] = outcome.figures().getOrDefault(Figure.RATE.key, 0.0);
            }
            return Statistics.median(rates);
        }
    }

    private static Outcome run(Bench bench, Contender contender, double rate) throws IOException {
        Profile longer = longer(bench.profile());
        try (Child server = bench.server(contender);
                Child load = bench.load(
                        Program.LOAD,
                        "rate",
                        Integer.parseInt(server.expect("listening")),
                        longer,
                        SHAPE.size(),
                        SHAPE.connections(),
                        Double.toString(rate))) {
            load.expect("ready");
            return new Window(load, server, load).measureAt(rate, longer);
        }
    }

    private static Profile longer(Profile profile) {
        return profile.longer(WARM_UPS, WINDOWS);
    }

    @Override
    public double secondsPerRun(Profile profile) {
        return longer(profile).warmUpSeconds() + longer(profile).seconds() + START_SECONDS;
    }

    @Override
    public double secondsBefore(Profile profile) {
        return 2 * PEAK_RUNS * new EchoBenchmark().secondsPerRun(profile);
    }
}
