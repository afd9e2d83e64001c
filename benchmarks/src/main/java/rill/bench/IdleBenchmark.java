package rill.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import rill.bench.Contest.Contestant;
import rill.bench.Contest.Outcome;
import rill.bench.Profile.Extent;
import rill.bench.Tools.Program;

/** The cost of connections that do nothing: the memory of a server with many of them, less that of the same process with none. */
final class IdleBenchmark implements Benchmark {
    private static final int CONNECTIONS = 5_000;
    private static final int QUICK_CONNECTIONS = 1_000;
    private static final int SIZE = 16;

    @Override
    public String name() {
        return "idle";
    }

    @Override
    public String title() {
        return "Idle connections: memory each";
    }

    @Override
    public String explanation() {
        return "Connections that have echoed one message and then are held. Heap is what is alive after collections; resident memory"
                + " also depends on what the JVM has given back, so it is rougher.";
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
        int connections = bench.profile().extent() == Extent.QUICK ? QUICK_CONNECTIONS : CONNECTIONS;
        List<Contestant> contestants = Contenders.principal(bench.profile().extent()).stream()
                .map(each -> each.with(Bench.TO_WEIGH))
                .map(each -> bench.contestant(each, () -> run(bench, Program.LOAD, each, connections)))
                .toList();
        return List.of(new Contest(
                String.format(Locale.ROOT, "%,d held", connections),
                Map.of("connections", connections),
                contestants,
                true));
    }

    private record Used(double heap, double direct, double resident) {}

    static Outcome run(Bench bench, Program program, Contender contender, int connections) throws IOException {
        try (Child server = bench.server(contender)) {
            int port = Integer.parseInt(server.expect("listening"));
            // Opens and closes one first: what only the first connection allocates does not belong to any of the
            // others.
            try (Child first = bench.load(program, "hold", port, bench.profile(), SIZE, 1)) {
                first.expect("ready");
            }
            used(contender, server); // so that what the question itself allocates exists before the measurement
            Used none = used(contender, server);
            try (Child load = bench.load(program, "hold", port, bench.profile(), SIZE, connections)) {
                load.expect("ready");
                return outcome(contender, none, used(contender, server), connections);
            }
        }
    }

    private static Used used(Contender contender, Child server) throws IOException {
        if (contender.program() == null) {
            server.ask("mark"); // a C program has no heap to report; this only waits until it has caught up
            return new Used(0, 0, resident(server));
        }
        Map<String, String> memory = server.ask("memory");
        return new Used(
                Double.parseDouble(memory.getOrDefault("heap", "0")),
                Double.parseDouble(memory.getOrDefault("direct", "0")),
                resident(server));
    }

    private static Outcome outcome(Contender contender, Used none, Used many, int connections) {
        Map<String, Double> figures = new LinkedHashMap<>();
        if (contender.program() != null) {
            double heap = (many.heap - none.heap) / connections;
            double direct = (many.direct - none.direct) / connections;
            figures.put(Figure.MEMORY.key, heap + direct);
            figures.put(Figure.HEAP.key, heap);
            figures.put(Figure.DIRECT.key, direct);
        }
        figures.put(Figure.RESIDENT.key, (many.resident - none.resident) / connections);
        return new Outcome(figures);
    }

    private static double resident(Child server) throws IOException {
        return parseResident(Files.readAllLines(Path.of("/proc", Long.toString(server.pid()), "status")));
    }

    /** Parses the bytes in a line such as {@code VmRSS:  12345 kB}. */
    static double parseResident(List<String> status) throws IOException {
        for (String line : status) {
            if (line.startsWith("VmRSS:")) {
                String kibi =
                        line.substring("VmRSS:".length()).replace("kB", "").strip();
                return Double.parseDouble(kibi) * 1024;
            }
        }
        throw new IOException("a process without VmRSS in its status");
    }

    @Override
    public double secondsPerRun(Profile profile) {
        return profile.extent() == Extent.QUICK ? 1.3 : 3;
    }
}
