package rill.bench;

import java.io.File;
import java.util.Collection;
import java.util.List;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.profile.ExternalProfiler;
import org.openjdk.jmh.results.BenchmarkResult;
import org.openjdk.jmh.results.Result;

/** Starts JMH's forks on given processors. To JMH it is a profiler, since those may put words before the command. JMH creates it. */
public final class Pinning implements ExternalProfiler {
    static final String NONE = "none";

    private final String processors;

    /** Takes the argument of {@code taskset -c}, such as {@code 0} or {@code 0,1}; or {@link #NONE}, to leave the choice to the system. */
    public Pinning(String processors) {
        this.processors = processors;
    }

    @Override
    public Collection<String> addJVMInvokeOptions(BenchmarkParams parameters) {
        return processors.equals(NONE) ? List.of() : List.of("taskset", "-c", processors);
    }

    @Override
    public Collection<String> addJVMOptions(BenchmarkParams parameters) {
        return List.of();
    }

    @Override
    public void beforeTrial(BenchmarkParams parameters) {}

    @Override
    public Collection<? extends Result<?>> afterTrial(BenchmarkResult result, long pid, File out, File err) {
        return List.of();
    }

    @Override
    public boolean allowPrintOut() {
        return true;
    }

    @Override
    public boolean allowPrintErr() {
        return true;
    }

    @Override
    public String getDescription() {
        return "pinned to processors " + processors;
    }
}
