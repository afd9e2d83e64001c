package rill.bench;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
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

/** The parts, one by one, by JMH. Every run is a fork of its own, so that runs can be paired as in all other benchmarks. */
final class MicroBenchmark implements Benchmark {
    private static final int WARM_UPS = 2;
    /** Small loops are compiled sooner than whole programs. */
    private static final double WARM_UP = 0.7;

    private static final int MEASUREMENTS = 3;
    private static final double START_SECONDS = 0.6;
    private static final int TIMEOUT_SECONDS = 60;

    /** Access is allowed and packages are opened as users are told to. */
    private static final List<String> JVM = List.of(
            "-Xms512m",
            "-Xmx512m",
            "-XX:+UseSerialGC",
            "--add-opens=java.base/java.lang=ALL-UNNAMED",
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow");

    /** For methods that measure Netty: its faster settings, and threads of its own kind. */
    private static final List<String> FAST = List.of(
            "-Dio.netty.noUnsafe=false",
            "-Dio.netty.leakDetection.level=disabled",
            "-Dio.netty.allocator.type=pooled",
            "-Dio.netty.buffer.checkBounds=false",
            "-Dio.netty.buffer.checkAccessible=false",
            "-Djmh.executor=CUSTOM",
            "-Djmh.executor.class=rill.bench.micro.NettyThreads");

    /** For virtual threads that share one thread, as Rill's Tasks do. */
    private static final List<String> ONE_CARRIER =
            List.of("-Djdk.virtualThreadScheduler.parallelism=1", "-Djdk.virtualThreadScheduler.maxPoolSize=1");

    /**
     * A JMH class, some of whose methods are compared.
     *
     * @param from the least extent that includes it
     * @param threads the number of threads that call the method concurrently
     * @param alone whether everything runs on one thread, and so on one processor
     */
    private record Subject(
            String name,
            String type,
            Map<String, String> parameters,
            int threads,
            boolean alone,
            Extent from,
            boolean isHeadline,
            List<String> methods) {
        static Subject onOne(String name, String type, List<String> methods) {
            return new Subject(name, type, Map.of(), 1, true, Extent.QUICK, false, methods);
        }

        /** For subjects with a loop or executors on their own threads: one processor for the caller, and one for them. */
        static Subject onBoth(String name, String type, List<String> methods) {
            return new Subject(name, type, Map.of(), 1, false, Extent.QUICK, false, methods);
        }

        Subject with(String parameter, int value) {
            Map<String, String> one = Map.of(parameter, "" + value);
            return new Subject(name + grouped(value), type, one, threads, alone, from, isHeadline, methods);
        }

        Subject producers(int count) {
            return new Subject(name + count, type, parameters, count, alone, from, isHeadline, methods);
        }

        Subject notQuick() {
            return new Subject(name, type, parameters, threads, alone, Extent.USUAL, isHeadline, methods);
        }

        Subject onlyFull() {
            return new Subject(name, type, parameters, threads, alone, Extent.FULL, isHeadline, methods);
        }

        Subject headline() {
            return new Subject(name, type, parameters, threads, alone, from, true, methods);
        }

        private static String grouped(int value) {
            return String.format(Locale.ROOT, "%,d", value);
        }
    }

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
        return "By JMH, time and heap per operation: Rill over a Wire in memory that a real Loop drives, on its own buffers; Netty"
                + " over a channel in memory, on its pooled buffers, on threads of its own kind and in its fastest settings. What"
                + " runs on one thread is pinned to one processor, with the compiler and the collector; what has threads besides"
                + " (tasks, timers, await) to two.";
    }

    @Override
    public Optional<String> missing(Bench bench) {
        return Optional.empty();
    }

    private static List<Subject> subjects() {
        List<Subject> all = new ArrayList<>();
        List<String> both = List.of("rill", "netty");
        all.add(Subject.onOne("frames: length field", "LengthFieldDecoding", both)
                .headline());
        all.add(Subject.onOne("frames: line", "LineDecoding", both).onlyFull());
        all.add(Subject.onOne("frames: length field, written", "LengthFieldEncoding", both)
                .notQuick());
        all.add(Subject.onOne("HTTP: requests read", "HttpDecoding", both));
        all.add(Subject.onOne("HTTP: requests read and answered", "HttpAnswering", both));
        all.add(Subject.onOne("RESP: commands read", "RespDecoding", both));
        all.add(Subject.onOne("RESP: replies written", "RespEncoding", both));
        Subject layers = Subject.onOne("pipeline of ", "Layers", List.of("rill", "rillMapping", "netty"));
        all.add(layers.with("layers", 5).headline());
        all.add(layers.with("layers", 1).onlyFull());
        all.add(layers.with("layers", 10).onlyFull());
        Subject echo = Subject.onOne("echo in memory, reads per tick: ", "EchoPath", both);
        all.add(echo.with("reads", 1).headline());
        all.add(echo.with("reads", 16).onlyFull());
        Subject socket = Subject.onOne("WebSocket, echo in memory, bytes: ", "WebSocketEcho", both);
        all.add(socket.with("size", 64).onlyFull());
        all.add(socket.with("size", 16_384).onlyFull());
        all.add(Subject.onOne("segment on the simulated network", "Segments", List.of("rill"))
                .onlyFull());
        all.add(Subject.onOne("Promise, completed and called back", "Promises", List.of("rill", "netty", "jdk"))
                .onlyFull()
                .headline());
        Subject submission = Subject.onBoth(
                "tasks from outside, producers: ",
                "Submission",
                List.of("rill@nio", "rill@epoll", "nettyNio", "nettyEpoll"));
        all.add(submission.producers(1).headline());
        all.add(submission.producers(4).notQuick().headline());
        Subject timers = Subject.onBoth("timer set and cancelled, pending: ", "Timers", both);
        all.add(timers.with("pending", 1_000_000).headline());
        all.add(timers.with("pending", 1).onlyFull());
        all.add(timers.with("pending", 1_000).onlyFull());
        all.add(Subject.onBoth(
                        "await, by 1,000 Tasks",
                        "Awaiting",
                        List.of("rillMounted", "rillHandedOver", "jdk", "jdkOneCarrier"))
                .headline());
        return all;
    }

    @Override
    public List<Contest> contests(Bench bench) {
        List<Contest> contests = new ArrayList<>();
        for (Subject subject : subjects()) {
            if (bench.profile().extent().compareTo(subject.from) < 0) {
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
            parameters.put("processors", subject.alone ? 1 : 2);
            if (subject.threads > 1) {
                parameters.put("threads", subject.threads);
            }
            contests.add(new Contest(subject.name, parameters, contestants, subject.isHeadline));
        }
        return contests;
    }

    /** {@code METHOD@TRANSPORT} stands for Rill on that transport. */
    private static List<String> flags(String method) {
        List<String> flags = new ArrayList<>(JVM);
        int at = method.indexOf('@');
        if (at > 0) {
            flags.add("-Drill.transport=" + method.substring(at + 1));
        } else if (method.startsWith("netty")) {
            flags.addAll(FAST);
        } else if (method.endsWith("OneCarrier")) {
            flags.addAll(ONE_CARRIER);
        }
        return flags;
    }

    private static void requireTransport(String method) throws LeftOutException {
        int at = method.indexOf('@');
        String wanted = method.substring(at + 1);
        if (at > 0
                && ServiceLoader.load(Transport.class).stream()
                        .map(ServiceLoader.Provider::get)
                        .noneMatch(each -> each.name().equals(wanted) && each.unavailable() == null)) {
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
                .warmupTime(time(bench.profile().warmUpSeconds() * WARM_UP / WARM_UPS))
                .measurementIterations(MEASUREMENTS)
                .measurementTime(time(bench.profile().seconds() / MEASUREMENTS))
                .addProfiler(GCProfiler.class)
                .addProfiler(Pinning.class, processors(bench, subject))
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

    private static String processors(Bench bench, Subject subject) {
        if (bench.machine().whyNoProcesses().isPresent()) {
            return Pinning.NONE;
        }
        String one = "" + bench.machine().server();
        return subject.alone ? one : one + "," + bench.machine().load();
    }

    /** The output of a fork is shown only if it fails. */
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
        return START_SECONDS + profile.warmUpSeconds() * WARM_UP + profile.seconds();
    }
}
