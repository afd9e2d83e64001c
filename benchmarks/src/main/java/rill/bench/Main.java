package rill.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The entry point: {@code ./rill bench}. */
@Command(
        name = "./rill bench",
        description = "Measures Rill beside Netty and others, and writes report.json and report.html.",
        footer = {"", "Exit status: 0 if there is a report, 1 if something failed, 2 if the command was wrong."})
final class Main implements Callable<Integer> {
    @Spec
    @SuppressWarnings("FieldCanBeFinal") // picocli sets it
    private CommandSpec spec = CommandSpec.create();

    @Parameters(
            paramLabel = "NAME",
            description = "What to measure; everything, if nothing is named. 'list' lists the names.")
    @SuppressWarnings("FieldCanBeFinal") // picocli sets it
    private List<String> names = new ArrayList<>();

    @ArgGroup
    private @Nullable Thoroughness thoroughness;

    @Option(names = "--pairs", description = "Rounds of paired runs; fewer than 5 give no verdict.")
    private @Nullable Integer pairs;

    @Option(names = "--seconds", description = "Length of a timed window.")
    private @Nullable Double seconds;

    @Option(names = "--warm-up", description = "Seconds before each timed window.")
    private @Nullable Double warmUp;

    @Option(
            names = "--case",
            paramLabel = "<text>",
            description = "Only cases whose name contains this, such as '50 × 1,'; x is as good as ×. May be repeated.")
    @SuppressWarnings("FieldCanBeFinal") // picocli sets it
    private List<String> cases = new ArrayList<>();

    @Option(
            names = "--only",
            paramLabel = "<name>",
            split = ",",
            description = "Only these contestants, such as rill-epoll,netty-epoll,bare-c.")
    @SuppressWarnings("FieldCanBeFinal") // picocli sets it
    private List<String> contestants = new ArrayList<>();

    @Option(names = "--out", defaultValue = "bench-report", description = "Folder for the report (${DEFAULT-VALUE}).")
    private Path folder = Path.of("bench-report");

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "This text.")
    @SuppressWarnings("UnusedVariable") // only its presence counts
    private boolean help;

    /** At most one of two options. */
    static final class Thoroughness {
        @Option(names = "--quick", description = "A first answer, in less than 10 minutes.")
        private boolean quick;

        @Option(names = "--full", description = "Every case; in about three and a half hours.")
        @SuppressWarnings("UnusedVariable") // the other of the two
        private boolean full;
    }

    private Main() {}

    public static void main(String[] args) {
        var out = new PrintWriter(System.out, true, System.out.charset());
        var err = new PrintWriter(System.err, true, System.err.charset());
        System.exit(execute(out, err, args));
    }

    /** Returns the exit status. */
    static int execute(PrintWriter out, PrintWriter err, String... args) {
        return new CommandLine(new Main())
                .setOut(out)
                .setErr(err)
                .setParameterExceptionHandler((wrong, ignored) -> {
                    err.println("rill: " + wrong.getMessage() + "; ./rill bench --help tells more");
                    return CommandLine.ExitCode.USAGE;
                })
                .setExecutionExceptionHandler((failure, command, ignored) -> {
                    err.println("rill: bench: " + failure);
                    return CommandLine.ExitCode.SOFTWARE;
                })
                .execute(args);
    }

    @Override
    public Integer call() throws IOException {
        PrintWriter out = spec.commandLine().getOut();
        if (names.equals(List.of("list"))) {
            Benchmarks.all().forEach(each -> out.printf("%-12s %s%n", each.name(), each.title()));
            return CommandLine.ExitCode.OK;
        }
        List<Benchmark> chosen = chosen();
        try (var tools = new Tools()) {
            var bench = new Bench(Machine.look(), profile(), tools, ClassPath.ofThisProcess());
            Report report = new Session(bench, out, command(), this::write)
                    .run(chosen, new Selection(!names.isEmpty(), cases, contestants));
            out.println();
            out.println("took " + report.took() + "; open " + page() + ", or read " + json());
        } catch (Selection.NothingLeftException e) {
            throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()));
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
        return CommandLine.ExitCode.OK;
    }

    private List<Benchmark> chosen() {
        List<Benchmark> all = Benchmarks.all();
        for (String name : names) {
            if (all.stream().noneMatch(each -> each.name().equals(name))) {
                throw new ParameterException(
                        spec.commandLine(),
                        "there is no benchmark called " + name + ", only "
                                + String.join(
                                        ", ", all.stream().map(Benchmark::name).toList()));
            }
        }
        return all.stream()
                .filter(each -> names.isEmpty() || names.contains(each.name()))
                .toList();
    }

    private Profile profile() {
        Profile base = Profile.usual();
        if (thoroughness != null) {
            base = thoroughness.quick ? Profile.quick() : Profile.full();
        }
        if ((pairs != null && pairs < 1) || (seconds != null && seconds <= 0) || (warmUp != null && warmUp < 0)) {
            throw new ParameterException(spec.commandLine(), "--pairs, --seconds and --warm-up have to be positive");
        }
        return new Profile(
                base.extent(),
                pairs == null ? base.pairs() : pairs,
                warmUp == null ? base.warmUpSeconds() : warmUp,
                seconds == null ? base.seconds() : seconds);
    }

    private String command() {
        List<String> words = new ArrayList<>(List.of("./rill bench"));
        words.addAll(spec.commandLine().getParseResult().originalArgs());
        return String.join(" ", words);
    }

    private Path json() {
        return folder.resolve("report.json");
    }

    private Path page() {
        return folder.resolve("report.html");
    }

    private void write(Report report) throws IOException {
        Files.createDirectories(folder);
        replace(
                json(),
                new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT).writeValueAsString(report));
        replace(page(), HtmlReport.of(report));
    }

    /** Replaces a file by a rename, so that there is a whole report at any moment. */
    private static void replace(Path file, String text) throws IOException {
        Path next = file.resolveSibling(file.getFileName() + ".new");
        Files.writeString(next, text);
        Files.move(next, file, StandardCopyOption.REPLACE_EXISTING);
    }
}
