package rill.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import rill.bench.Contest.Contestant;
import rill.bench.Contest.Outcome;
import rill.bench.Profile.Extent;
import rill.bench.Tools.Program;

/** WebSocket echo servers under a closed loop. */
final class WebSocketBenchmark implements Benchmark {
    private static final int CONNECTIONS = 50;
    private static final List<Integer> SIZES = List.of(64, 16 * 1024);
    private static final double WARM_UPS = 3;
    private static final double START_SECONDS = 1;

    @Override
    public String name() {
        return "websocket";
    }

    @Override
    public String title() {
        return "WebSocket: echo, and what a message costs";
    }

    @Override
    public String explanation() {
        return "Binary frames, masked as a client's have to be, one in flight on each of " + CONNECTIONS
                + " connections; the same comes back without a mask.";
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
        List<Contest> contests = new ArrayList<>();
        for (int size : SIZES) {
            List<Contestant> contestants = new ArrayList<>();
            for (Contender each : Contenders.webSockets()) {
                if (bench.profile().extent() == Extent.FULL || each.name().endsWith("epoll")) {
                    contestants.add(bench.contestant(each, () -> run(bench, each, size)));
                }
            }
            String text = String.format(Locale.ROOT, "%d × 1, %s", CONNECTIONS, EchoBenchmark.Shape.sizeText(size));
            contests.add(new Contest(
                    text, Map.of("connections", CONNECTIONS, "in flight", 1, "size", size), contestants, true));
        }
        return contests;
    }

    private static Outcome run(Bench bench, Contender contender, int size) throws IOException {
        Profile profile = bench.profile().longer(WARM_UPS, 1);
        return new ClosedLoop(bench, Program.LOAD, profile, "ws:" + size, CONNECTIONS, 1).run(contender);
    }

    @Override
    public double secondsPerRun(Profile profile) {
        return profile.longer(WARM_UPS, 1).warmUpSeconds() + profile.seconds() + START_SECONDS;
    }
}
