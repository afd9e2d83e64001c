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

/** Redis clients: GETs over one connection, many of them in flight. The client is what is measured. */
final class RedisBenchmark implements Benchmark {
    /** GETs of redis-benchmark's short first run, per call in flight, which determines how many the timed run takes. */
    private static final int PILOT = 2_000;
    /** A client is more code than an echo, and takes longer to compile. */
    private static final double WARM_UPS = 2;

    private static final double PERCENT = 100;

    private record Mode(String name, int inFlight) {
        boolean onLoop() {
            return name.equals("loop");
        }

        String text() {
            return onLoop() ? inFlight + " in flight" : "4 threads, " + inFlight + " in flight";
        }
    }

    @Override
    public String name() {
        return "redis";
    }

    @Override
    public String title() {
        return "Redis client: GETs over one connection";
    }

    @Override
    public String explanation() {
        return "The client is what is measured, against a redis-server on a processor of its own. Calls are made in the callbacks"
                + " of earlier ones, or by four threads outside. redis-benchmark is the limit: it does nothing with the answers; what it costs is"
                + " from the middle half of its run.";
    }

    @Override
    public Optional<String> missing(Bench bench) {
        return bench.machine()
                .whyNoProcesses()
                .or(() -> Machine.program("redis-server").isPresent()
                        ? Optional.empty()
                        : Optional.of("redis-server is missing (Debian: apt-get install redis-server)"));
    }

    @Override
    public List<Contest> contests(Bench bench) {
        List<Contest> contests = new ArrayList<>();
        for (Mode mode : modes(bench.profile().extent())) {
            Map<String, Object> parameters = new LinkedHashMap<>();
            parameters.put("inFlight", mode.inFlight);
            parameters.put("calls", mode.onLoop() ? "on the loop" : "from 4 threads");
            contests.add(new Contest(mode.text(), parameters, contestants(bench, mode), mode.inFlight > 1));
        }
        return contests;
    }

    private static List<Mode> modes(Extent extent) {
        var fifty = new Mode("loop", 50);
        var fiveHundred = new Mode("loop", 500);
        var threads = new Mode("threads", 48);
        return switch (extent) {
            case QUICK -> List.of(fifty, fiveHundred);
            case USUAL -> List.of(fifty, fiveHundred, threads);
            case FULL -> List.of(fifty, new Mode("loop", 1), fiveHundred, threads);
        };
    }

    private static List<Contestant> contestants(Bench bench, Mode mode) {
        List<Contestant> contestants = new ArrayList<>();
        for (Contender each : Contenders.redis()) {
            if (takesPart(each.name(), mode, bench.profile().extent())) {
                contestants.add(bench.contestant(each, () -> run(bench, each, mode)));
            }
        }
        if (mode.onLoop()) {
            contestants.add(new Contestant(
                    "redis-benchmark",
                    "redis-benchmark -c 1 -P " + mode.inFlight,
                    false,
                    List.of(),
                    () -> redisBenchmark(bench, mode.inFlight)));
        }
        return contestants;
    }

    /**
     * With one call in flight there is nothing to consolidate; otherwise consolidation by 8 suits 50 calls in flight, and by 64 suits 500. A quick
     * run has only the best transport.
     */
    private static boolean takesPart(String name, Mode mode, Extent extent) {
        return switch (name) {
            case "rill-pool-4" -> extent != Extent.QUICK && !mode.onLoop();
            case "rill-nio", "rill-uring", "rill-pool-1", "netty-nio", "netty-io_uring" -> extent != Extent.QUICK;
            case "netty-epoll-8" -> extent != Extent.QUICK && mode.inFlight > 1 && mode.inFlight < 500;
            case "netty-epoll-64" -> extent != Extent.QUICK && mode.inFlight >= 500;
            case "lettuce-256", "jedis", "vertx" -> extent == Extent.FULL && mode.inFlight > 1;
            default -> true;
        };
    }

    private static Outcome run(Bench bench, Contender contender, Mode mode) throws IOException {
        if (!mode.onLoop() && contender.name().equals("jedis")) {
            throw new LeftOutException("a connection of Jedis is used by one thread at a time");
        }
        try (var server = new RedisServer(bench);
                Child client = bench.client(
                        contender, server.port, RedisServer.KEY, RedisServer.VALUE_LENGTH, mode.name, mode.inFlight)) {
            return new Window(client, client, server.process)
                    .measure(bench.profile().longer(WARM_UPS, 1));
        }
    }

    private static Outcome redisBenchmark(Bench bench, int inFlight) throws IOException {
        if (Machine.program("redis-benchmark").isEmpty()) {
            throw new LeftOutException("redis-benchmark is missing (Debian: apt-get install redis-tools)");
        }
        try (var server = new RedisServer(bench)) {
            Child pilot = startRedisBenchmark(bench, server.port, inFlight, (long) PILOT * inFlight);
            double rate = end(bench, pilot);
            double seconds = bench.profile().seconds();
            Child child = startRedisBenchmark(bench, server.port, inFlight, Math.max(1, Math.round(rate * seconds)));
            Map<String, Double> busy = busy(child, server.process, seconds);
            Map<String, Double> figures = new LinkedHashMap<>(Map.of(Figure.RATE.key, end(bench, child)));
            figures.putAll(busy);
            if (busy.containsKey(Figure.BUSY.key)) {
                double perSecond = busy.getOrDefault(Figure.BUSY.key, 0.0) / PERCENT * 1e9;
                figures.put(Figure.CPU.key, perSecond / figures.getOrDefault(Figure.RATE.key, 1.0));
            }
            return new Outcome(figures);
        }
    }

    private static Child startRedisBenchmark(Bench bench, int port, int inFlight, long calls) throws IOException {
        return Child.leashed(
                "redis-benchmark",
                bench.machine().load(),
                List.of(
                        "redis-benchmark",
                        "-p",
                        "" + port,
                        "-c",
                        "1",
                        "-P",
                        "" + inFlight,
                        "-n",
                        "" + calls,
                        "--csv",
                        "GET",
                        RedisServer.KEY));
    }

    /** redis-benchmark does not report when it begins and ends, so its processor time is sampled in the middle half of the run, or not at all. */
    private static Map<String, Double> busy(Child client, Child server, double seconds) throws IOException {
        Bench.pass(seconds / 4);
        try {
            long begin = System.nanoTime();
            Cpu clients = client.cpu();
            Cpu servers = server.cpu();
            Bench.pass(seconds / 2);
            double nanos = System.nanoTime() - begin;
            return Map.of(
                    Figure.BUSY.key, client.cpu().since(clients).total() / nanos * PERCENT,
                    Figure.OTHER_BUSY.key, server.cpu().since(servers).total() / nanos * PERCENT);
        } catch (Child.GoneException e) {
            return Map.of(); // it was faster than its pilot run
        }
    }

    private static double end(Bench bench, Child child) throws IOException {
        try {
            return parse(child.rest((int) Math.round(bench.profile().seconds() * 10) + 30));
        } finally {
            child.terminate();
        }
    }

    /** Parses the second field of the last line, in quotes. */
    static double parse(List<String> csv) throws IOException {
        for (String line : csv.reversed()) {
            String[] fields = line.split("\",\"", -1);
            if (fields.length > 2 && fields[0].startsWith("\"GET")) {
                return Double.parseDouble(fields[1]);
            }
        }
        throw new IOException("redis-benchmark gave no rate: " + String.join(" | ", csv));
    }

    @Override
    public double secondsPerRun(Profile profile) {
        return profile.warmUpSeconds() * WARM_UPS + profile.seconds() + 1;
    }
}
