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

/** Redis clients: GETs over one connection, with so many of them on their way. The client is what is measured. */
final class RedisBenchmark implements Benchmark {
    /** GETs of redis-benchmark's first, short run, per outstanding one; it tells how many the timed run takes. */
    private static final int PILOT = 2_000;

    private record Mode(String name, int outstanding) {
        boolean onLoop() {
            return name.equals("loop");
        }

        String text() {
            return onLoop() ? outstanding + " outstanding" : "4 threads, " + outstanding + " outstanding";
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
                + " of earlier ones, or by four threads outside. redis-benchmark is the limit: it does nothing with the answers.";
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
            parameters.put("outstanding", mode.outstanding);
            parameters.put("calls", mode.onLoop() ? "on the loop" : "from 4 threads");
            contests.add(new Contest(mode.text(), parameters, contestants(bench, mode)));
        }
        return contests;
    }

    private static List<Mode> modes(Extent extent) {
        var fifty = new Mode("loop", 50);
        var fiveHundred = new Mode("loop", 500);
        return extent == Extent.QUICK
                ? List.of(fifty, fiveHundred)
                : List.of(fifty, fiveHundred, new Mode("loop", 1), new Mode("threads", 48));
    }

    private static List<Contestant> contestants(Bench bench, Mode mode) {
        List<Contestant> contestants = new ArrayList<>();
        for (Contender each : Contenders.redis()) {
            if (takesPart(each.name(), mode, bench.profile().extent())) {
                contestants.add(new Contestant(
                        each.name(), each.title(), each.ours(), bench.flags(each), () -> run(bench, each, mode)));
            }
        }
        if (mode.onLoop()) {
            contestants.add(new Contestant(
                    "redis-benchmark",
                    "redis-benchmark -c 1 -P " + mode.outstanding,
                    false,
                    List.of(),
                    () -> redisBenchmark(bench, mode.outstanding)));
        }
        return contestants;
    }

    /** Consolidation by 8 suits 50 outstanding calls, and 64 suits 500; a full run tries both everywhere. */
    private static boolean takesPart(String name, Mode mode, Extent extent) {
        boolean by8 = name.endsWith("-8");
        boolean by64 = name.endsWith("-64");
        if (extent == Extent.FULL) {
            return true;
        }
        if ((by8 || by64) && (mode.outstanding == 1 || by64 != (mode.outstanding >= 500))) {
            return false;
        }
        return extent == Extent.USUAL
                || name.equals("rill-nio")
                || name.equals("rill-epoll")
                || name.equals("lettuce")
                || name.startsWith("netty-nio");
    }

    private static Outcome run(Bench bench, Contender contender, Mode mode) throws IOException {
        if (!mode.onLoop() && contender.name().equals("jedis")) {
            throw new LeftOutException("a connection of Jedis is used by one thread at a time");
        }
        try (var server = new RedisServer(bench)) {
            List<String> command = bench.java(
                    contender,
                    "rill.bench.program.RedisMain",
                    List.of(
                            "" + server.port,
                            RedisServer.KEY,
                            "" + RedisServer.VALUE_LENGTH,
                            mode.name,
                            "" + mode.outstanding));
            try (Child client = Child.start(contender.name(), bench.machine().load(), command)) {
                client.expect("ready");
                return new Window(client, client, server.process).measure(bench.profile());
            }
        }
    }

    private static Outcome redisBenchmark(Bench bench, int outstanding) throws IOException {
        if (Machine.program("redis-benchmark").isEmpty()) {
            throw new LeftOutException("redis-benchmark is missing (Debian: apt-get install redis-tools)");
        }
        try (var server = new RedisServer(bench)) {
            double pilot = redisBenchmark(bench, server.port, outstanding, (long) PILOT * outstanding);
            long calls = Math.max(1, Math.round(pilot * bench.profile().seconds()));
            return new Outcome(Map.of(Figure.RATE.key, redisBenchmark(bench, server.port, outstanding, calls)));
        }
    }

    private static double redisBenchmark(Bench bench, int port, int outstanding, long calls) throws IOException {
        List<String> command = List.of(
                "redis-benchmark",
                "-p",
                "" + port,
                "-c",
                "1",
                "-P",
                "" + outstanding,
                "-n",
                "" + calls,
                "--csv",
                "GET",
                RedisServer.KEY);
        Child child = Child.leashed("redis-benchmark", bench.machine().load(), command);
        try {
            return parse(child.rest((int) Math.round(bench.profile().seconds() * 10) + 30));
        } finally {
            child.terminate();
        }
    }

    /** The second field of the last line, in quotes. */
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
        return profile.warmUpSeconds() + profile.seconds() + 1.2;
    }
}
