package rill.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import rill.bench.Contest.Contestant;
import rill.bench.Contest.Outcome;
import rill.bench.Profile.Extent;

/** HTTP/1.1 clients: GETs over kept-alive connections, one in flight on each. The client is what is measured. */
final class HttpClientBenchmark implements Benchmark {
    private static final List<Integer> CONNECTIONS = List.of(1, 50);
    private static final String PATH = "/plaintext";
    private static final int LENGTH = 13;
    /** As for an HTTP server, there is much to compile. */
    private static final double WARM_UPS = 5;

    private static final double START_SECONDS = 1;

    @Override
    public String name() {
        return "http-client";
    }

    @Override
    public String title() {
        return "HTTP/1.1: clients, and what a request costs them";
    }

    @Override
    public String explanation() {
        return "GETs, each made in the callback of an earlier one, with one in flight on each connection; the server is the bare loop in C, on a"
                + " processor of its own. The client is what is measured.";
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
        for (int connections : CONNECTIONS) {
            List<Contestant> contestants = new ArrayList<>();
            for (Contender each : Contenders.httpClients()) {
                if (takesPart(each.name(), bench.profile().extent())) {
                    contestants.add(bench.contestant(each, () -> run(bench, each, connections)));
                }
            }
            String text = connections == 1 ? "1 connection" : connections + " connections";
            contests.add(new Contest(text, Map.of("connections", connections), contestants, true));
        }
        return contests;
    }

    private static boolean takesPart(String name, Extent extent) {
        return extent == Extent.FULL
                || !List.of("rill-nio", "rill-uring", "jdk-pool").contains(name);
    }

    private static Outcome run(Bench bench, Contender contender, int connections) throws IOException {
        try (Child server = bench.server(Contenders.httpInC())) {
            int port = Integer.parseInt(server.expect("listening"));
            try (Child client = bench.client(contender, port, PATH, LENGTH, "loop", connections, "" + connections)) {
                return new Window(client, client, server)
                        .measure(bench.profile().longer(WARM_UPS, 1));
            }
        }
    }

    @Override
    public double secondsPerRun(Profile profile) {
        return profile.longer(WARM_UPS, 1).warmUpSeconds() + profile.seconds() + START_SECONDS;
    }
}
