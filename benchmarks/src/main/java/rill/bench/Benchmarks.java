package rill.bench;

import java.util.List;

/** All benchmarks, in the order in which they run. */
final class Benchmarks {
    private Benchmarks() {}

    static List<Benchmark> all() {
        return List.of(
                new EchoBenchmark(),
                new LatencyBenchmark(),
                new ChurnBenchmark(),
                new TlsBenchmark(),
                new MetricsBenchmark(),
                new HttpBenchmark(),
                new HttpClientBenchmark(),
                new WebSocketBenchmark(),
                new ProxyBenchmark(),
                new RedisBenchmark(),
                new IdleBenchmark(),
                new StartBenchmark(),
                new JarsBenchmark(),
                new SimBenchmark(),
                new MicroBenchmark());
    }
}
