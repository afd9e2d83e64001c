package rill.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import rill.bench.Tools.Program;

/** What all benchmarks of one invocation share. */
record Bench(Machine machine, Profile profile, Tools tools, ClassPath classPath) {
    /** The same heap and collector for every Java program; with one processor the JVM would choose this collector anyway. */
    private static final List<String> JVM = List.of("-XX:+UseSerialGC", "-Xms256m", "-Xmx256m", "-Xlog:disable");

    /**
     * Flags for a program whose live heap is measured, and no others: a full collection compacts completely and clears soft references, such as the JDK's
     * caches, which would be counted otherwise, and whose loss would cost time.
     */
    static final List<String> TO_WEIGH =
            List.of("-XX:MarkSweepDeadRatio=0", "-XX:MarkSweepAlwaysCompactCount=1", "-XX:SoftRefLRUPolicyMSPerMB=0");

    /** Starts a contender's server on the processor for the measured program; {@code more} follows its options. */
    Child server(Contender contender, String... more) throws IOException {
        List<String> command = new ArrayList<>(serverCommand(contender));
        command.addAll(List.of(more));
        return Child.start(contender.name(), machine.server(), command);
    }

    List<String> serverCommand(Contender contender) throws IOException {
        if (contender.program() == null) {
            return List.of(tools.compiled(Program.valueOf(contender.options().getFirst()))
                    .toString());
        }
        return java(contender, "rill.bench.program.ServerMain", List.of());
    }

    /** Returns the command for a Java program with the contender's class, these arguments and the contender's options. */
    List<String> java(Contender contender, String main, List<String> arguments) {
        List<String> command = new ArrayList<>();
        command.add(tools.java().toString());
        command.addAll(JVM);
        command.addAll(contender.jvm());
        command.addAll(List.of("-cp", classPath.of(contender), main, String.valueOf(contender.program())));
        command.addAll(arguments);
        command.addAll(contender.options());
        return command;
    }

    /** Starts a client, on the load's processor, whose GETs of {@code key} are counted; see {@code GetsMain}. It says "ready". */
    Child client(Contender contender, int port, String key, int length, String mode, int inFlight, String... options)
            throws IOException {
        List<String> arguments = new ArrayList<>(List.of("" + port, key, "" + length, mode, "" + inFlight));
        arguments.addAll(List.of(options));
        Child client = Child.start(
                contender.name(), machine.load(), java(contender, "rill.bench.program.GetsMain", arguments));
        try {
            client.expect("ready");
            return client;
        } catch (IOException | RuntimeException e) {
            client.close();
            throw e;
        }
    }

    /** Returns a contender as a contestant. */
    Contest.Contestant contestant(Contender contender, Contest.Run run) {
        return contestant(contender, run, null);
    }

    /** Returns a contender as a contestant that also has a run apart from the timed ones. */
    Contest.Contestant contestant(Contender contender, Contest.Run run, Contest.@Nullable Run calls) {
        return new Contest.Contestant(
                contender.name(), contender.title(), contender.ours(), flags(contender), run, calls);
    }

    /** Returns the flags of a contender's JVM, for the report. */
    List<String> flags(Contender contender) {
        if (contender.program() == null) {
            return List.of("cc -O2");
        }
        List<String> flags = new ArrayList<>(JVM);
        flags.addAll(contender.jvm());
        flags.addAll(contender.options());
        return flags;
    }

    /**
     * Starts the load program on its own processor; it ends on its own if it is forgotten.
     *
     * @param message the size of an echo in bytes, or the path of an HTTP request
     */
    Child load(Program program, String mode, int port, Profile during, Object message, int connections, String... more)
            throws IOException {
        return Child.start(
                "load", machine.load(), loadCommand(program, mode, port, during, message, connections, more));
    }

    List<String> loadCommand(
            Program program, String mode, int port, Profile during, Object message, int connections, String... more)
            throws IOException {
        long bound = Math.round(during.warmUpSeconds() + during.seconds()) + 60;
        List<String> command = new ArrayList<>(List.of(
                tools.compiled(program).toString(), mode, "" + port, "" + bound, "" + message, "" + connections));
        command.addAll(List.of(more));
        return command;
    }

    /** Waits without showing anything: the measured processes have the processors to themselves. */
    static void pass(double seconds) throws IOException {
        try {
            Thread.sleep(Math.round(seconds * 1000));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted");
        }
    }
}
