package rill.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import rill.bench.Contest.Contestant;
import rill.bench.Contest.Outcome;
import rill.bench.EchoBenchmark.Shape;
import rill.bench.Profile.Extent;
import rill.bench.Tools.Program;

/** The same over TLS 1.3: echo, handshakes, and the memory of an idle connection. The load uses OpenSSL. */
final class TlsBenchmark implements Benchmark {
    private static final List<Shape> SHAPES = List.of(new Shape(50, 1, 64), new Shape(50, 1, 16 * 1024));
    private static final int HELD = 1_000;
    private static final int SIZE = 16;
    /** As in a plain echo; a server also loads the JDK's TLS. */
    private static final double START_SECONDS = 0.8;

    /** One run with a contender that has received the path of its certificate. */
    @FunctionalInterface
    private interface Run {
        Outcome once(Contender contender) throws IOException;
    }

    @Override
    public String name() {
        return "tls";
    }

    @Override
    public String title() {
        return "TLS 1.3: echo, handshakes, memory";
    }

    @Override
    public String explanation() {
        return "A key of EC on P-256; the client does not ask whose it is. Of handshakes, " + ChurnBenchmark.AT_A_TIME
                + " at a time, each with one message of " + SIZE + " B there and back.";
    }

    @Override
    public Optional<String> missing(Bench bench) {
        return bench.machine().whyNoProcesses().or(Tools::whyNoOpenSsl);
    }

    @Override
    public boolean quick() {
        return false;
    }

    @Override
    public List<Contest> contests(Bench bench) {
        List<Contest> contests = new ArrayList<>();
        for (Shape shape : SHAPES) {
            contests.add(contest(
                    bench,
                    List.of(),
                    shape.text(),
                    shape.parameters(),
                    each -> EchoBenchmark.run(bench, Program.TLS_LOAD, each, shape)));
        }
        Network network = Network.best();
        for (String mode : List.of("churn", "resume")) {
            contests.add(contest(
                    bench,
                    List.of(),
                    (mode.equals("churn") ? "full" : "resumed") + " handshakes, " + ChurnBenchmark.AT_A_TIME
                            + " at a time",
                    Map.of("connections", ChurnBenchmark.AT_A_TIME),
                    each -> ChurnBenchmark.run(bench, network, each, Program.TLS_LOAD, mode)));
        }
        int held = bench.profile().extent() == Extent.QUICK ? HELD / 10 : HELD;
        contests.add(contest(
                bench,
                Bench.TO_WEIGH,
                String.format(Locale.ROOT, "%,d held", held),
                Map.of("connections", held),
                each -> IdleBenchmark.run(bench, Program.TLS_LOAD, each, held)));
        return contests;
    }

    private static Contest contest(
            Bench bench, List<String> flags, String name, Map<String, Object> parameters, Run run) {
        List<Contestant> contestants = Contenders.tls().stream()
                .map(each -> each.with(flags))
                .map(each -> bench.contestant(
                        each,
                        () -> run.once(
                                each.with("-Dbench.identity=" + bench.tools().identity()))))
                .toList();
        return new Contest(name, parameters, contestants, true);
    }

    @Override
    public double secondsPerRun(Profile profile) {
        // Of five cases, two open connections, which needs a longer warm-up.
        double longer = ChurnBenchmark.longer(profile).warmUpSeconds() - profile.warmUpSeconds();
        return profile.warmUpSeconds() + profile.seconds() + START_SECONDS + longer * 2 / 5;
    }
}
