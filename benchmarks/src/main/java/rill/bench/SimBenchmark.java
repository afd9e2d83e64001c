package rill.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import rill.bench.Contest.Contestant;
import rill.bench.Contest.Outcome;
import rill.bench.Profile.Extent;

/** The cost of simulations: processor time of a run, memory of what is in it, and the cost of a step in short runs and in long ones. */
final class SimBenchmark implements Benchmark {
    private static final int HOUR = 3_600;
    private static final int MESSAGES = 1_000_000;
    private static final int CONNECTIONS = 10_000;
    private static final List<Integer> STEPS = List.of(500_000, 5_000_000);

    /** Returns a contender whose program is the simulation's name. */
    private static Contender rill(String what) {
        return new Contender(
                "rill-sim",
                "Rill, simulated",
                true,
                what,
                List.of(),
                List.of(
                        "--add-opens=java.base/java.lang=ALL-UNNAMED",
                        "--enable-native-access=ALL-UNNAMED",
                        "-XX:FreqInlineSize=100"), // as docs/simulation.md recommends
                List.of("rill-core", "rill-transport-sim", "rill-codec", "netty-buffer", "netty-common", "jspecify"));
    }

    @Override
    public String name() {
        return "sim";
    }

    @Override
    public String title() {
        return "The simulated network: what runs cost";
    }

    @Override
    public String explanation() {
        return "Each run is a process of its own, in which compilation counts. What a step costs after many steps is not to be more than after few. Nothing is compared: there is no other that does the like.";
    }

    @Override
    public Optional<String> missing(Bench bench) {
        return bench.machine().whyNoProcesses();
    }

    @Override
    public List<Contest> contests(Bench bench) {
        int part = bench.profile().extent() == Extent.QUICK ? 10 : 1;
        List<Contest> contests = new ArrayList<>();
        contests.add(
                contest(bench, HOUR / part + " s of 100 calls a second, hedged, under the swarm", "hour", HOUR / part));
        contests.add(contest(bench, MESSAGES / part + " messages by callbacks", "messages", MESSAGES / part));
        contests.add(contest(bench, CONNECTIONS + " connections on 100 hosts", "connections", CONNECTIONS));
        for (int steps : STEPS) {
            contests.add(contest(bench, "200000 steps after " + steps / part, "steps", steps / part));
        }
        return contests;
    }

    private static Contest contest(Bench bench, String title, String what, int size) {
        Contender rill = what.equals("connections") ? rill(what).with(Bench.TO_WEIGH) : rill(what);
        var contestant =
                new Contestant(rill.name(), rill.title(), true, bench.flags(rill), () -> run(bench, rill, what, size));
        return new Contest(title, Map.of(what, size), List.of(contestant), true);
    }

    private static Outcome run(Bench bench, Contender rill, String what, int size) throws IOException {
        List<String> command = bench.java(rill, "rill.bench.program.SimMain", List.of(Integer.toString(size)));
        try (Child child = Child.start(rill.name(), bench.machine().server(), command)) {
            return outcome(what, Child.parse(child.expect("done")));
        }
    }

    static Outcome outcome(String what, Map<String, String> said) throws IOException {
        double run = number(said, "run");
        double count = number(said, "count");
        Map<String, Double> figures = new LinkedHashMap<>();
        figures.put(Figure.RUN.key, run);
        if (what.equals("connections")) {
            figures.put(Figure.HELD.key, number(said, "held"));
            figures.put(Figure.HEAP.key, number(said, "held") / count);
        } else {
            figures.put(Figure.TIME.key, run / count);
        }
        return new Outcome(figures);
    }

    private static double number(Map<String, String> said, String name) throws IOException {
        String value = said.get(name);
        if (value == null) {
            throw new IOException("the simulation has not said its " + name + ": " + said);
        }
        return Double.parseDouble(value);
    }

    @Override
    public double secondsPerRun(Profile profile) {
        return profile.extent() == Extent.QUICK ? 2 : 5;
    }
}
