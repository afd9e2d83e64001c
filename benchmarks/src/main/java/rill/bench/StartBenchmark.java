package rill.bench;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import rill.bench.Contest.Contestant;
import rill.bench.Contest.Outcome;
import rill.bench.Profile.Extent;

/** The time from the start of the process to the first byte echoed; also with an AOT cache, which is created first. */
final class StartBenchmark implements Benchmark {
    private static final int PATIENCE_MILLIS = 10_000;
    private static final double SECONDS_PER_RUN = 0.6;
    private static final int CACHES = 3;
    private static final double SECONDS_PER_CACHE = 3;

    @Override
    public String name() {
        return "start";
    }

    @Override
    public String title() {
        return "Process start to first echo";
    }

    @Override
    public String explanation() {
        return "With only the jars that are needed on the class path. The AOT caches are made by -XX:AOTCacheOutput from a run that"
                + " serves one echo, as anybody can do: see docs/benchmarks.md.";
    }

    @Override
    public Optional<String> missing(Bench bench) {
        return bench.machine().whyNoProcesses();
    }

    @Override
    public List<Contest> contests(Bench bench) {
        boolean quick = bench.profile().extent() == Extent.QUICK;
        List<Contestant> plain = new ArrayList<>();
        List<Contestant> cached = new ArrayList<>();
        for (Contender each : quick ? Contenders.principal(Extent.QUICK) : Contenders.echo()) {
            if (each.name().endsWith("-adaptive")
                    || (each.program() == null && Tools.whyNoCompiler().isPresent())) {
                continue;
            }
            plain.add(contestant(bench, each, each.name(), each.title(), () -> run(bench, each, List.of())));
            if (each.name().equals("rill-nio") || each.name().startsWith("netty-nio")) {
                var cache = new AotCache(bench, each);
                cached.add(contestant(
                        bench,
                        each,
                        each.name(),
                        each.title() + ", with a cache",
                        () -> run(bench, each, List.of("-XX:AOTCache=" + cache.file()))));
            }
            if (each.name().equals("netty-nio")) {
                cached.add(contestant(
                        bench,
                        each,
                        "netty-nio-uncached",
                        each.title() + ", without a cache",
                        () -> run(bench, each, List.of())));
            }
        }
        var asItComes = new Contest("as it comes", Map.of(), plain, true);
        return quick
                ? List.of(asItComes)
                : List.of(asItComes, new Contest("with an AOT cache, on NIO", Map.of("cache", "AOT"), cached, true));
    }

    private static Contestant contestant(Bench bench, Contender each, String name, String title, Contest.Run run) {
        return new Contestant(name, title, each.ours(), bench.flags(each), run);
    }

    /** Created on first use. */
    private static final class AotCache {
        private final Bench bench;
        private final Contender contender;
        private final Path file;

        AotCache(Bench bench, Contender contender) {
            this.bench = bench;
            this.contender = contender;
            this.file = bench.tools().folder().resolve(contender.name() + ".aot");
        }

        Path file() throws IOException {
            if (!bench.classPath().onlyJars()) {
                throw new LeftOutException(
                        "an AOT cache needs jars, and there are folders on the class path: package them");
            }
            if (!Files.exists(file)) {
                Child child = Child.start(
                        contender.name(), bench.machine().server(), command(List.of("-XX:AOTCacheOutput=" + file)));
                try {
                    echo(Integer.parseInt(child.expect("listening")));
                    child.ask("exit");
                } finally {
                    child.rest(120);
                }
                if (!Files.exists(file)) {
                    throw new LeftOutException("this JVM makes no AOT cache (-XX:AOTCacheOutput)");
                }
            }
            return file;
        }

        private List<String> command(List<String> flags) throws IOException {
            return withFlags(bench.serverCommand(contender), flags);
        }
    }

    private static List<String> withFlags(List<String> command, List<String> flags) {
        List<String> whole = new ArrayList<>(command);
        whole.addAll(1, flags);
        return whole;
    }

    private static Outcome run(Bench bench, Contender contender, List<String> flags) throws IOException {
        List<String> command = withFlags(bench.serverCommand(contender), flags);
        long start = System.nanoTime();
        try (Child server = Child.start(contender.name(), bench.machine().server(), command)) {
            echo(Integer.parseInt(server.expect("listening")));
            return new Outcome(Map.of(Figure.START.key, (double) (System.nanoTime() - start)));
        }
    }

    private static void echo(int port) throws IOException {
        byte[] message = "hello".getBytes(US_ASCII);
        try (var socket = new Socket()) {
            socket.connect(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port), PATIENCE_MILLIS);
            socket.setSoTimeout(PATIENCE_MILLIS);
            socket.getOutputStream().write(message);
            if (!Arrays.equals(message, socket.getInputStream().readNBytes(message.length))) {
                throw new IOException("the echo differs from what was sent");
            }
        }
    }

    @Override
    public double secondsPerRun(Profile profile) {
        return SECONDS_PER_RUN;
    }

    @Override
    public double secondsBefore(Profile profile) {
        return profile.extent() == Extent.QUICK ? 0 : CACHES * SECONDS_PER_CACHE;
    }
}
