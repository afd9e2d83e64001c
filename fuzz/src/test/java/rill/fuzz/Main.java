package rill.fuzz;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Runs Jazzer on each target in turn, in a separate JVM: {@code Main FOLDER MINUTES [TARGET...]}. The folder keeps the inputs that Jazzer has found,
 * so the next run continues from there. An input that breaks a law is printed as a line for the corpus. The bound on memory is checked afterwards,
 * with everything in the folder, in this JVM, since Jazzer's agent itself allocates. {@code Main FOLDER keep} makes the committed
 * corpora from the folder, without inputs that add nothing.
 */
public final class Main {
    private static final Pattern EXECUTED = Pattern.compile("stat::number_of_executed_units: (\\d+)");
    private static final int KEPT = 60; // maximum number of committed inputs of a target
    private static final int LONGEST = 160; // maximum length of such an input's line

    private final Path folder;
    private long executed;
    private int failed;

    private Main(Path folder) {
        this.folder = folder;
    }

    /** See the class. */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        var main = new Main(Path.of(arguments[0]));
        List<Target> targets = arguments.length > 2
                ? Stream.of(arguments).skip(2).map(Targets::named).toList()
                : Targets.all();
        if (arguments[1].equals("keep")) {
            for (Target each : targets) {
                main.keep(each);
            }
            return;
        }
        long seconds = Math.max(1, (long) (Double.parseDouble(arguments[1]) * 60 / targets.size()));
        for (Target each : targets) {
            main.run(each, seconds);
        }
        System.out.printf(Locale.ROOT, "%,d inputs, %d targets failed%n", main.executed, main.failed);
        System.exit(main.failed == 0 ? 0 : 1);
    }

    private void run(Target target, long seconds) throws IOException, InterruptedException {
        Path inputs = inputs(target);
        Path log = folder.resolve(target.name() + ".log");
        long begun = System.nanoTime();
        int status = jazzer(
                target, log, "-max_total_time=" + seconds, "-max_len=600", "-print_final_stats=1", inputs.toString());
        Matcher count = EXECUTED.matcher(Files.readString(log, StandardCharsets.ISO_8859_1));
        long inputsTried = count.find() ? Long.parseLong(count.group(1)) : 0;
        executed += inputsTried;
        double took = Duration.ofNanos(System.nanoTime() - begun).toMillis() / 1000.0;
        System.out.printf(
                Locale.ROOT, "%-24s %,12d inputs, %,9.0f a second%n", target.name(), inputsTried, inputsTried / took);
        List<String> costly = broken(target, inputs);
        String fault = fault(status, inputsTried);
        failed += fault != null || !costly.isEmpty() ? 1 : 0;
        costly.forEach(each -> System.out.println("  " + each));
        if (fault != null) {
            System.out.println("  " + fault + ": see " + log + "; for the corpus:");
            for (Path each : files(folder.resolve(target.name() + ".broken"))) {
                System.out.println("  " + Corpus.format(Files.readAllBytes(each)));
            }
        }
    }

    /** What is wrong with a run of Jazzer; null if nothing is. Jazzer itself is content if it has tried nothing. */
    static @Nullable String fault(int status, long inputsTried) {
        if (status != 0) {
            return "a law is broken, or Jazzer could not run";
        }
        return inputsTried == 0 ? "Jazzer has tried no input" : null;
    }

    /**
     * Checks everything in a folder once more, in this JVM, which has no agent: only here the bound on memory means anything. Returns which inputs break
     * a law, and how.
     */
    static List<String> broken(Target target, Path inputs) throws IOException {
        var broken = new ArrayList<String>();
        for (Path each : files(inputs)) {
            byte[] bytes = Files.readAllBytes(each);
            try {
                target.check(bytes);
            } catch (RuntimeException | Error e) {
                broken.add(Corpus.format(bytes) + "\n    breaks a law without Jazzer: " + e);
            }
        }
        return broken;
    }

    /** The folder of a target's inputs, including the committed ones. */
    private Path inputs(Target target) throws IOException {
        Path inputs = Files.createDirectories(folder.resolve(target.name()));
        for (Path each : files(Files.createDirectories(folder.resolve(target.name() + ".broken")))) {
            Files.delete(each); // from the previous run
        }
        List<byte[]> corpus = Corpus.of(target);
        for (int i = 0; i < corpus.size(); i++) {
            Files.write(inputs.resolve("corpus-" + i), corpus.get(i));
        }
        return inputs;
    }

    private int jazzer(Target target, Path log, String... arguments) throws IOException, InterruptedException {
        Path words = folder.resolve(target.name() + ".words");
        Files.write(words, target.words().stream().map(Main::word).toList());
        var command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-Xmx1g",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-XX:+EnableDynamicAgentLoading",
                "-Dio.netty.leakDetection.level=disabled",
                "-cp",
                System.getProperty("java.class.path"),
                "com.code_intelligence.jazzer.Jazzer",
                "--target_class=" + Fuzz.class.getName(),
                "--target_args=" + target.name(),
                "--instrumentation_includes=rill.codec.**:rill.http.**:rill.examples.client.**",
                // Jazzer's hooks watch what strings are used for: SQL, shells, classes. None of that is used here.
                "--custom_hook_excludes=**",
                "--reproducer_path=" + folder,
                "-artifact_prefix=" + folder.resolve(target.name() + ".broken") + File.separator));
        if (!target.words().isEmpty()) {
            command.add("-dict=" + words);
        }
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start()
                .waitFor();
    }

    private static String word(String latin1) {
        var word = new StringBuilder("\"");
        for (byte b : latin1.getBytes(StandardCharsets.ISO_8859_1)) {
            word.append("\\x").append(HexFormat.of().toHexDigits(b));
        }
        return word.append('"').toString();
    }

    private void keep(Target target) throws IOException, InterruptedException {
        Path few = Files.createDirectories(folder.resolve(target.name() + ".few"));
        jazzer(
                target,
                folder.resolve(target.name() + ".log"),
                "-merge=1",
                few.toString(),
                inputs(target).toString());
        var lines =
                new ArrayList<>(Corpus.of(target).stream().map(Corpus::format).toList());
        for (Path each : files(few)) {
            String line = Corpus.format(Files.readAllBytes(each));
            if (lines.size() < KEPT && line.length() <= LONGEST && !lines.contains(line)) {
                lines.add(line);
            }
        }
        Path text = Path.of("fuzz/src/test/resources/rill/fuzz", target.name() + ".txt");
        Files.writeString(text, String.join("\n", lines) + "\n");
    }

    private static List<Path> files(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.sorted().toList();
        }
    }
}
