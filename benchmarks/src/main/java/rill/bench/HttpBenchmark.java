package rill.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import rill.bench.Contest.Contestant;
import rill.bench.Profile.Extent;
import rill.bench.Tools.Program;

/** HTTP/1.1 servers under a closed loop of GETs on kept-alive connections: one at a time, and many at once on each connection. */
final class HttpBenchmark implements Benchmark {
    private static final int CONNECTIONS = 50;
    private static final int MANY = 5_000;
    private static final int PIPELINED = 16;
    /** Two processes start, connect, and end; the others load more classes than Rill. */
    private static final double START_SECONDS = 1;

    /** One shape of load. */
    private record Shape(int connections, int inFlight, String path) {
        String text() {
            return String.format(Locale.ROOT, "%,d × %d, %s", connections, inFlight, path);
        }

        Map<String, Object> parameters() {
            return Map.of("connections", connections, "in flight", inFlight, "path", path);
        }
    }

    @Override
    public String name() {
        return "http";
    }

    @Override
    public String title() {
        return "HTTP/1.1: requests, and what one costs";
    }

    @Override
    public String explanation() {
        return "GETs with three fields (connections × requests in flight on each). Answered with a text of 13 bytes, or with JSON of 27 that"
                + " is made for each; both with Date, Content-Type and Content-Length. What a server adds is its share beyond the bare loop"
                + " in C, which looks for nothing but blank lines.";
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
        Extent extent = bench.profile().extent();
        List<Contest> contests = new ArrayList<>();
        contests.add(contest(bench, new Shape(CONNECTIONS, 1, "/plaintext"), extent != Extent.QUICK));
        contests.add(contest(bench, new Shape(CONNECTIONS, PIPELINED, "/plaintext"), false));
        if (extent == Extent.FULL) {
            contests.add(contest(bench, new Shape(CONNECTIONS, 1, "/json"), false));
            contests.add(contest(bench, new Shape(CONNECTIONS, PIPELINED, "/json"), false));
            contests.add(contest(bench, new Shape(MANY, 1, "/plaintext"), false));
        }
        return contests;
    }

    private static Contest contest(Bench bench, Shape shape, boolean countCalls) {
        var loop = new ClosedLoop(
                bench, Program.LOAD, longer(bench.profile()), shape.path, shape.connections, shape.inFlight);
        List<Contestant> contestants = Contenders.http(bench.profile().extent()).stream()
                .map(each ->
                        bench.contestant(each, () -> loop.run(each), countCalls ? () -> loop.countCalls(each) : null))
                .toList();
        return new Contest(shape.text(), shape.parameters(), contestants, shape.connections == CONNECTIONS);
    }

    /** There is more to compile than in an echo: the rate rises for four seconds. */
    private static Profile longer(Profile profile) {
        return profile.longer(5, 1);
    }

    @Override
    public double secondsPerRun(Profile profile) {
        return longer(profile).warmUpSeconds() + profile.seconds() + START_SECONDS;
    }
}
