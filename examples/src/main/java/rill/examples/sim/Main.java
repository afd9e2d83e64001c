package rill.examples.sim;

import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;
import rill.transport.sim.Scenario;
import rill.transport.sim.Simulation;
import rill.transport.sim.Timeline;

/** The entry point of {@code ./rill sim}: runs a scenario with one seed, and reports the result. */
@Command(
        name = "./rill sim",
        description = "Runs a scenario on the simulated network; the last line is the trace hash.",
        footer = {
            "",
            "Scenarios: request-response, graceful-shutdown, back-pressure, reconnecting, pooled, http-calls, http-serving, slow-readers,"
                    + " notes, at-random, register, and deposits, which has a bug to find; register has one with --bug early-answer, forgotten-vote,"
                    + " vote-counted-twice, length-only or old-term.",
            "Exit status: 0 if it passed, 1 if it failed, 2 if the command was wrong."
        })
final class Main implements Callable<Integer> {
    @Spec
    @SuppressWarnings("FieldCanBeFinal") // picocli sets it
    private CommandSpec spec = CommandSpec.create();

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "This text.")
    @SuppressWarnings("UnusedVariable") // only its presence counts
    private boolean help;

    @Parameters(paramLabel = "SCENARIO", converter = ByName.class, description = "Its name.")
    private @Nullable Supplier<Scenario> scenario;

    @Option(names = "--seed", paramLabel = "N", description = "The seed, a number; 1 if there is none.")
    @SuppressWarnings("FieldCanBeFinal") // picocli sets it
    private long seed = 1;

    @Option(
            names = "--seeds",
            paramLabel = "COUNT",
            description = "So many seeds, up to the first that fails; 1 if there is none.")
    @SuppressWarnings("FieldCanBeFinal") // picocli sets it
    private long seeds = 1;

    @Option(
            names = "--bug",
            paramLabel = "NAME",
            converter = BugByName.class,
            description = "Of register: what is wrong with it.")
    private Register.@Nullable Bug bug;

    @Option(
            names = "--picture",
            paramLabel = "FILE",
            description =
                    "Where to put a picture, as SVG: of the run's failure or end, unless one of the following says of what.")
    private @Nullable Path picture;

    @Option(names = "--json", paramLabel = "FILE", description = "Where to put the events, as lines of JSON.")
    private @Nullable Path json;

    @Option(
            names = "--from",
            paramLabel = "SECONDS",
            converter = BySeconds.class,
            description = "Only what happens from this time on.")
    private @Nullable Duration from;

    @Option(
            names = "--to",
            paramLabel = "SECONDS",
            converter = BySeconds.class,
            description = "Only what happens up to this time.")
    private @Nullable Duration to;

    @Option(names = "--host", paramLabel = "NAME", description = "Only what concerns this host; several may be given.")
    @SuppressWarnings("FieldCanBeFinal") // picocli sets it
    private List<String> hosts = new ArrayList<>();

    @Option(
            names = "--connection",
            paramLabel = "N",
            description = "Only this connection, by the number in the picture; several may be given.")
    @SuppressWarnings("FieldCanBeFinal") // picocli sets it
    private List<Integer> connections = new ArrayList<>();

    @Option(names = "--no-timers", description = "Without timers.")
    private boolean noTimers;

    private static final Duration FOREVER = Duration.ofNanos(Long.MAX_VALUE);

    private Main() {}

    public static void main(String[] args) {
        System.exit(execute(writer(System.out), writer(System.err), args));
    }

    private static PrintWriter writer(PrintStream stream) {
        return new PrintWriter(stream, true, stream.charset());
    }

    /** Returns the exit status. */
    static int execute(PrintWriter out, PrintWriter err, String... args) {
        return new CommandLine(new Main())
                .setOut(out)
                .setErr(err)
                .setParameterExceptionHandler((wrong, ignored) -> {
                    err.println("rill: " + wrong.getMessage() + "; ./rill sim --help tells more");
                    return CommandLine.ExitCode.USAGE;
                })
                .setExecutionExceptionHandler((failure, command, ignored) -> {
                    err.println("rill: sim: " + failure);
                    return CommandLine.ExitCode.SOFTWARE;
                })
                .execute(args);
    }

    /** A scenario by its name. */
    static final class ByName implements ITypeConverter<Supplier<Scenario>> {
        @Override
        public Supplier<Scenario> convert(String name) {
            Supplier<Scenario> known = Scenarios.ALL.get(name);
            if (known == null) {
                throw new TypeConversionException("there is no scenario called '" + name + "', only "
                        + String.join(", ", Scenarios.ALL.keySet()));
            }
            return known;
        }
    }

    /** A time in the simulation. */
    static final class BySeconds implements ITypeConverter<Duration> {
        @Override
        public Duration convert(String seconds) {
            try {
                var nanos = new BigDecimal(seconds).movePointRight(9).longValue();
                return Duration.ofNanos(nanos);
            } catch (NumberFormatException e) {
                throw new TypeConversionException("'" + seconds + "' is not a number of seconds, such as 1.25");
            }
        }
    }

    /** A bug of the register by its name. */
    static final class BugByName implements ITypeConverter<Register.Bug> {
        @Override
        public Register.Bug convert(String name) {
            for (Register.Bug each : Register.Bug.values()) {
                if (each.label().equals(name)) {
                    return each;
                }
            }
            throw new TypeConversionException("there is no bug called '" + name + "', only "
                    + Arrays.stream(Register.Bug.values())
                            .map(Register.Bug::label)
                            .collect(Collectors.joining(", ")));
        }
    }

    @Override
    public Integer call() throws IOException {
        Scenario chosen = chosen();
        int status = CommandLine.ExitCode.OK;
        for (long n = 0; n < seeds && status == CommandLine.ExitCode.OK; n++) {
            status = run(chosen, seed + n);
        }
        return status;
    }

    private Scenario chosen() {
        Scenario named = Objects.requireNonNull(scenario).get();
        if (bug == null) {
            return named;
        }
        if (!(named instanceof Register)) {
            throw new ParameterException(spec.commandLine(), "only register has bugs by name");
        }
        return new Register(bug);
    }

    private int run(Scenario chosen, long present) throws IOException {
        PrintWriter out = spec.commandLine().getOut();
        var told = new StringWriter(); // collects the output of the run until it is known what the run has left behind
        Throwable failure = null;
        try (var simulation = Simulation.seed(present)) {
            if (picture != null || json != null) {
                simulation.record();
            }
            try {
                chosen.run(simulation);
            } catch (Exception | AssertionError e) {
                simulation.note("failed: " + e.getMessage());
                failure = e;
            }
            tell(simulation, new PrintWriter(told, true));
        } catch (AssertionError atTheEnd) {
            failure = failure == null ? atTheEnd : failure;
        }
        out.println((seeds > 1 ? "seed " + present + " " : "") + (failure == null ? "passed" : "failed: " + failure));
        out.print(told);
        out.flush();
        return failure == null ? CommandLine.ExitCode.OK : CommandLine.ExitCode.SOFTWARE;
    }

    private void tell(Simulation simulation, PrintWriter out) throws IOException {
        out.println("faults: " + simulation.struck());
        out.printf(
                "%d segments in %.3f s of virtual time%n",
                simulation.segments(), simulation.elapsed().toNanos() / 1e9);
        write(simulation, out);
        out.println(simulation.traceHash());
    }

    /** Returns the part of the timeline that was asked for. */
    private Timeline chosen(Timeline all) {
        try {
            Timeline timeline = noTimers ? all.withoutTimers() : all;
            if (from != null || to != null) {
                timeline = timeline.between(from == null ? Duration.ZERO : from, to == null ? FOREVER : to);
            }
            if (!hosts.isEmpty()) {
                timeline = timeline.ofHosts(hosts.toArray(String[]::new));
            }
            return connections.isEmpty()
                    ? timeline
                    : timeline.ofConnections(
                            connections.stream().mapToInt(Integer::intValue).toArray());
        } catch (IllegalArgumentException wrong) {
            throw new ParameterException(spec.commandLine(), String.valueOf(wrong.getMessage()), wrong);
        }
    }

    private void write(Simulation simulation, PrintWriter out) throws IOException {
        if (picture == null && json == null) {
            return;
        }
        Timeline timeline = chosen(simulation.timeline());
        if (picture != null) {
            timeline.writePicture(picture);
            out.println("picture: " + picture);
        }
        if (json != null) {
            timeline.writeJson(json);
            out.println("events: " + json);
        }
    }
}
