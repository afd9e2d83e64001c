package rill.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import rill.bench.Contest.Contestant;
import rill.bench.Contest.Outcome;
import rill.bench.Profile.Extent;
import rill.bench.Tools.Program;

/** HTTP/1.1 reverse proxies through which large bodies stream. */
final class ProxyBenchmark implements Benchmark {
    /** One body is in flight on each. */
    private static final int CONNECTIONS = 8;

    private static final double WARM_UPS = 3;
    private static final double START_SECONDS = 1;

    @Override
    public String name() {
        return "proxy";
    }

    @Override
    public String title() {
        return "HTTP/1.1: a reverse proxy, and what a mebibyte costs";
    }

    @Override
    public String explanation() {
        return "GETs of bodies of 1 MiB, one after the other on each of " + CONNECTIONS
                + " connections, through a proxy to a server in C. A message is a mebibyte; load and server share a processor.";
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
        List<Contestant> contestants = new ArrayList<>();
        for (Contender each : Contenders.proxies()) {
            if (bench.profile().extent() == Extent.FULL || each.name().endsWith("epoll")) {
                contestants.add(bench.contestant(each, () -> run(bench, each)));
            }
        }
        return List.of(new Contest(
                CONNECTIONS + " × 1 MiB", Map.of("connections", CONNECTIONS, "in flight", 1), contestants, true));
    }

    private static Outcome run(Bench bench, Contender contender) throws IOException {
        Profile profile = bench.profile().longer(WARM_UPS, 1);
        try (Child behind = Child.start(
                "bulk",
                bench.machine().load(),
                List.of(bench.tools().compiled(Program.BULK).toString()))) {
            return new ClosedLoop(bench, Program.LOAD, profile, "/bulk", CONNECTIONS, 1)
                    .run(contender, behind.expect("listening"));
        }
    }

    @Override
    public double secondsPerRun(Profile profile) {
        return profile.longer(WARM_UPS, 1).warmUpSeconds() + profile.seconds() + START_SECONDS;
    }
}
