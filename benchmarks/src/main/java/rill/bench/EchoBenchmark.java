package rill.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import rill.bench.Contest.Contestant;
import rill.bench.Contest.Outcome;
import rill.bench.Profile.Extent;
import rill.bench.Tools.Program;

/** Echo servers under a closed loop: a number of connections, each with a number of messages of one size in flight. */
final class EchoBenchmark implements Benchmark {
    private static final int SIZE = 16;
    private static final int[] IN_FLIGHT = {1, 16};
    /** In addition to warm-up and window: two processes start, connect, and end. */
    private static final double START_SECONDS = 0.6;

    private static final double WARM_UPS = 3;

    /** One shape of load. */
    record Shape(int connections, int inFlight, int size) {
        String text() {
            return String.format(Locale.ROOT, "%,d × %d, %s", connections, inFlight, sizeText(size));
        }

        static String sizeText(int size) {
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
        return "Each connection keeps its messages in flight (connections × in flight, size). Most of a message's cost is the"
                + " kernel's; what a framework adds is its share beyond the bare loop in C.";
    }

    @Override
    public Optional<String> missing(Bench bench) {
        return bench.machine().whyNoProcesses().or(Tools::whyNoCompiler);
    }

    @Override
    public List<Contest> contests(Bench bench) {
        Extent extent = bench.profile().extent();
        List<Contest> contests = new ArrayList<>();
        for (Shape shape : headlines(extent)) {
            boolean countCalls = contests.isEmpty() || extent != Extent.QUICK;
            List<Contender> contenders = extent == Extent.FULL ? Contenders.echo() : Contenders.principal(extent);
            contests.add(contest(bench, shape, contenders, countCalls, true));
        }
        if (extent == Extent.FULL) {
            for (Shape shape : rays()) {
                contests.add(contest(bench, shape, Contenders.principal(extent), false, false));
            }
        }
        return contests;
    }

    static List<Shape> headlines(Extent extent) {
        List<Shape> shapes = new ArrayList<>();
        for (int connections : extent == Extent.QUICK ? new int[] {50} : new int[] {50, 500}) {
            for (int inFlight : IN_FLIGHT) {
                shapes.add(new Shape(connections, inFlight, SIZE));
            }
        }
        return shapes;
    }

    /** Varies one parameter of the headlines at a time: fewer and more connections, larger messages. */
    static List<Shape> rays() {
        List<Shape> shapes = new ArrayList<>();
        for (int connections : new int[] {1, 5_000}) {
            for (int inFlight : IN_FLIGHT) {
                shapes.add(new Shape(connections, inFlight, SIZE));
            }
        }
        for (int size : new int[] {512, 16 * 1024}) {
            for (int inFlight : IN_FLIGHT) {
                shapes.add(new Shape(50, inFlight, size));
            }
        }
        return shapes;
    }

    static Contest contest(Bench bench, Shape shape, List<Contender> contenders, boolean countCalls, boolean headline) {
        List<Contestant> contestants = new ArrayList<>();
        for (Contender each : contenders) {
            contestants.add(bench.contestant(
                    each,
                    () -> run(bench, Program.LOAD, each, shape),
                    countCalls ? () -> loop(bench, Program.LOAD, shape).countCalls(each) : null));
        }
        return new Contest(shape.text(), shape.parameters(), contestants, headline);
    }

    static Outcome run(Bench bench, Program program, Contender contender, Shape shape) throws IOException {
        return loop(bench, program, shape).run(contender);
    }

    private static ClosedLoop loop(Bench bench, Program program, Shape shape) {
        return new ClosedLoop(bench, program, longer(bench.profile()), shape.size, shape.connections, shape.inFlight);
    }

    @Override
    public double secondsPerRun(Profile profile) {
        Profile own = longer(profile);
        return own.warmUpSeconds() + own.seconds() + START_SECONDS;
    }

    /** Long enough for all to be compiled equally: the io_uring transport takes longest, and its compiler shares the only processor with the loop. */
    private static Profile longer(Profile profile) {
        return profile.longer(profile.extent() == Extent.QUICK ? 1 : WARM_UPS, 1);
    }
}
