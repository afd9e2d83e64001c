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

/** Echo servers under a closed loop: so many connections, each with so many messages of a size on their way. */
final class EchoBenchmark implements Benchmark {
    /** One shape of load. */
    record Shape(int connections, int inFlight, int size) {
        String text() {
            return connections + " × " + inFlight + ", " + sizeText(size);
        }

        private static String sizeText(int size) {
            return size >= 1024 ? size / 1024 + " KiB" : size + " B";
        }

        Map<String, Object> parameters() {
            Map<String, Object> parameters = new LinkedHashMap<>();
            parameters.put("connections", connections);
            parameters.put("in flight", inFlight);
            parameters.put("bytes", size);
            return parameters;
        }
    }

    @Override
    public String name() {
        return "echo";
    }

    @Override
    public String title() {
        return "Echo: throughput, and what a message costs";
    }

    @Override
    public String explanation() {
        return "Each connection keeps its messages on their way (connections × in flight, size). Most of a message's cost is the"
                + " kernel's; what a framework adds is its share beyond the bare loop in C.";
    }

    @Override
    public Optional<String> missing(Bench bench) {
        return bench.machine().whyNoProcesses().or(Tools::whyNoCompiler);
    }

    @Override
    public List<Contest> contests(Bench bench) {
        List<Contest> contests = new ArrayList<>();
        for (Shape shape : shapes(bench.profile().extent())) {
            contests.add(contest(bench, shape, contests.isEmpty()));
        }
        return contests;
    }

    static List<Shape> shapes(Extent extent) {
        List<Shape> shapes = new ArrayList<>();
        for (int inFlight : new int[] {1, 16}) {
            shapes.add(new Shape(50, inFlight, 16));
        }
        if (extent == Extent.QUICK) {
            return shapes;
        }
        shapes.add(new Shape(500, 1, 16));
        shapes.add(new Shape(500, 16, 16));
        if (extent == Extent.USUAL) {
            return shapes;
        }
        for (int size : new int[] {16, 512, 16 * 1024}) {
            for (int connections : new int[] {1, 50, 500, 5_000}) {
                for (int inFlight : new int[] {1, 16}) {
                    var shape = new Shape(connections, inFlight, size);
                    if (!shapes.contains(shape)) {
                        shapes.add(shape);
                    }
                }
            }
        }
        return shapes;
    }

    private Contest contest(Bench bench, Shape shape, boolean first) {
        boolean countCalls = first || bench.profile().atLeast(Extent.USUAL);
        List<Contestant> contestants = new ArrayList<>();
        for (Contender each : contenders(bench.profile().extent())) {
            contestants.add(new Contestant(
                    each.name(),
                    each.title(),
                    each.ours(),
                    bench.flags(each),
                    () -> run(bench, each, shape),
                    countCalls ? () -> countCalls(bench, each, shape) : null));
        }
        return new Contest(shape.text(), shape.parameters(), contestants);
    }

    /** For a first answer, Rill and Netty on either kind of transport, and the limit. */
    static List<Contender> contenders(Extent extent) {
        return Contenders.echo().stream()
                .filter(each -> extent != Extent.QUICK
                        || List.of("rill-nio", "rill-epoll", "netty-nio", "netty-epoll", "bare-c")
                                .contains(each.name()))
                .toList();
    }

    static Outcome run(Bench bench, Contender contender, Shape shape) throws IOException {
        try (Child server = bench.server(contender);
                Child load = load(bench, server, shape)) {
            return new Window(load, server, load).measure(bench.profile());
        }
    }

    private static Child load(Bench bench, Child server, Shape shape) throws IOException {
        int port = Integer.parseInt(server.expect("listening"));
        Child load = bench.load(
                "closed", port, bench.profile().seconds(), shape.size, shape.connections, "" + shape.inFlight);
        load.expect("ready");
        return load;
    }

    private static Outcome countCalls(Bench bench, Contender contender, Shape shape) throws IOException {
        try (Child server = bench.server(contender);
                Child load = load(bench, server, shape)) {
            Bench.pass(bench.profile().warmUpSeconds());
            return SystemCalls.perMessage(bench, server, load);
        }
    }

    @Override
    public double secondsPerRun(Profile profile) {
        return profile.warmUpSeconds() + profile.seconds() + 0.8;
    }
}
