package rill.bench;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.format.OutputFormat;
import org.openjdk.jmh.runner.format.OutputFormatFactory;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;
import rill.bench.Contest.Contestant;
import rill.bench.Contest.Outcome;
import rill.bench.Profile.Extent;
import rill.spi.Transport;

/** The parts, each by itself, by JMH: every run is a fork of its own, so that runs can be paired like all others. */
final class MicroBenchmark implements Benchmark {
    private static final int WARM_UPS = 2;
    private static final int MEASUREMENTS = 3;
    private static final double START_SECONDS = 0.8;
    private static final int TIMEOUT_SECONDS = 60;

    /** Allowed and opened as users are told to. */
    private static final List<String> JVM = List.of(
            "-Xms512m",
            "-Xmx512m",
            "-XX:+UseSerialGC",
            "--add-opens=java.base/java.lang=ALL-UNNAMED",
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow");

    /** For those of Netty: what speeds it up. */
    private static final List<String> FAST =
            List.of("-Dio.netty.noUnsafe=false", "-Dio.netty.leakDetection.level=disabled");

    /**
     * A JMH class, some of whose methods are held against each other.
     *
     * @param quick whether it is part of a first answer
     * @param threads that call the method at a time
     */
    private record Subject(
            String name,
            String type,
            Map<String, String> parameters,
            int threads,
            boolean quick,
            List<String> methods) {}

    @Override
    public String name() {
        return "micro";
    }

    @Override
    public String title() {
        return "Micro benchmarks: the parts, in memory";
    }

    @Override
    public String explanation() {
        return "By JMH, time and heap per operation, both sides on the same netty-buffer: Rill over a Wire in memory that a real"
                + " Loop drives, Netty over its EmbeddedChannel.";
    }

    @Override
    public Optional<String> missing(Bench bench) {
        return Optional.empty();
    }

    private static List<Subject> subjects() {
        List<Subject> all = new ArrayList<>();
        List<String> both = List.of("rill", "netty");
        all.add(new Subject("frames: length field", "LengthFieldDecoding", Map.of(), 1, true, both));
        all.add(new Subject("frames: line", "LineDecoding", Map.of(), 1, false, both));
        all.add(new Subject("frames: length field, written", "LengthFieldEncoding", Map.of(), 1, false, both));
        all.add(new Subject("RESP: commands read", "RespDecoding", Map.of(), 1, true, both));
        all.add(new Subject("RESP: replies written", "RespEncoding", Map.of(), 1, true, both));
        for (int layers : new int[] {1, 5, 10}) {
            all.add(new Subject(
                    "pipeline of " + layers,
                    "Layers",
                    Map.of("layers", "" + layers),
                    1,
                    layers == 5,
                    List.of("rill", "rillMapping", "netty")));
        }
        for (int reads : new int[] {1, 16}) {
            all.add(new Subject(
                    "echo in memory, reads per tick: " + reads,
                    "EchoPath",
                    Map.of("reads", "" + reads),
                    1,
                    reads == 1,
                    both));
        }
        all.add(new Subject(
                "Promise, completed and called back", "Promises", Map.of(), 1, false, List.of("rill", "netty", "jdk")));
        for (int producers : new int[] {1, 4}) {
            all.add(new Subject(
                    "tasks from outside, producers: " + producers,
                    "Submission",
                    Map.of(),
                    producers,
                    producers == 1,
                    List.of("rill@nio", "rill@epoll", "nettyNio", "nettyEpoll")));
        }
        for (int pending : new int[] {1, 1_000, 1_000_000}) {
            all.add(new Subject(
                    String.format(java.util.Locale.ROOT, "timer set and cancelled, pending: %,d", pending),
                    "Timers",
                    Map.of("pending", "" + pending),
                    1,
                    pending == 1_000_000,
                    both));
        }
        all.add(new Subject("segment on the simulated network", "Segments", Map.of(), 1, false, List.of("rill")));
        all.add(new Subject(
                "await, by 1,000 Tasks",
                "Awaiting",
                Map.of(),
                1,
                true,
                List.of("rillMounted", "rillHandedOver", "jdk")));
        return all;
    }

    @Override
    public List<Contest> contests(Bench bench) {
        List<Contest> contests = new ArrayList<>();
        for (Subject subject : subjects()) {
            if (!subject.quick && bench.profile().extent() == Extent.QUICK) {
                continue;
            }
            List<Contestant> contestants = new ArrayList<>();
            for (String method : subject.methods) {
                contestants.add(new Contestant(
                        method.replace('@', '-'),
                        subject.type + "." + method,
                        method.startsWith("rill"),
                        flags(method),
                        () -> run(bench, subject, method)));
            }
            Map<String, Object> parameters = new LinkedHashMap<>(subject.parameters);
            if (subject.threads > 1) {
                parameters.put("threads", subject.threads);
            }
            contests.add(new Contest(subject.name, parameters, contestants));
        }
        return contests;
    }

    /** {@code METHOD@TRANSPORT}: Rill on that. */
    private static List<String> flags(String method) {
        List<String> flags = new ArrayList<>(JVM);
        int at = method.indexOf('@');
        if (at > 0) {
            flags.add("-Drill.transport=" + method.substring(at + 1));
        } else if (method.startsWith("netty")) {
            flags.addAll(FAST);
        }
        return flags;
    }

    private static void requireTransport(String method) throws LeftOutException {
        int at = method.indexOf('@');
        String wanted = method.substring(at + 1);
        if (at > 0
                && ServiceLoader.load(Transport.class).stream()
                        .map(ServiceLoader.Provider::get)
                        .noneMatch(each ->
                                each.name().equals(wanted) && each.unavailable().isEmpty())) {
            throw new LeftOutException("transport " + wanted + " is not available");
        }
    }

    private static Outcome run(Bench bench, Subject subject, String method) throws IOException {
        requireTransport(method);
        int at = method.indexOf('@');
        String plain = at > 0 ? method.substring(0, at) : method;
        var options = new OptionsBuilder()
                .include("^rill\\.bench\\.micro\\." + subject.type + "\\." + plain + "$")
                .threads(subject.threads)
                .forks(1)
                .warmupIterations(WARM_UPS)
                .warmupTime(time(bench.profile().warmUpSeconds() / WARM_UPS / 2))
                .measurementIterations(MEASUREMENTS)
                .measurementTime(time(bench.profile().seconds() / MEASUREMENTS))
                .addProfiler(GCProfiler.class)
                .jvm(bench.tools().java().toString())
                .jvmArgs(flags(method).toArray(String[]::new))
                .timeout(TimeValue.seconds(TIMEOUT_SECONDS))
                .verbosity(VerboseMode.SILENT)
                .shouldFailOnError(true);
        subject.parameters.forEach(options::param);
        try {
            return outcome(new Runner(options.build(), quiet()).runSingle());
        } catch (RunnerException e) {
            throw new IOException(subject.type + "." + method + ": " + e.getMessage(), e);
        }
    }

    /** What a fork says is shown only if it fails. */
    private static OutputFormat quiet() {
        var nowhere = new PrintStream(OutputStream.nullOutputStream(), false, UTF_8);
        return OutputFormatFactory.createFormatInstance(nowhere, VerboseMode.SILENT);
    }

    private static TimeValue time(double seconds) {
        return TimeValue.milliseconds(Math.max(50, Math.round(seconds * 1e3)));
    }

    private static Outcome outcome(RunResult result) {
        Map<String, Double> figures = new LinkedHashMap<>();
        figures.put(Figure.TIME.key, result.getPrimaryResult().getScore());
        result.getSecondaryResults().forEach((name, value) -> {
            if (name.endsWith("gc.alloc.rate.norm")) {
                figures.put(Figure.ALLOCATED_PER_OPERATION.key, value.getScore());
            }
        });
        return new Outcome(figures);
    }

    @Override
    public double secondsPerRun(Profile profile) {
        return START_SECONDS + profile.warmUpSeconds() / 2 + profile.seconds();
    }
}
