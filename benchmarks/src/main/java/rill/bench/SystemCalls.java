package rill.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import rill.bench.Contest.Outcome;

/** Counts a process's system calls with strace. That slows it down a lot, so it is done in separate runs. */
final class SystemCalls {
    private static final double SECONDS = 1;

    private SystemCalls() {}

    /** Counts while the load is running. */
    static Outcome perMessage(Bench bench, Child server, Child counting) throws IOException {
        if (Machine.program("strace").isEmpty()) {
            throw new LeftOutException("strace is missing, which counts system calls (Debian: apt-get install strace)");
        }
        Path summary = bench.tools().folder().resolve("strace-" + server.pid());
        long messages;
        List<String> command =
                List.of("strace", "-f", "-c", "-U", "calls,name", "-o", summary.toString(), "-p", "" + server.pid());
        Child strace = Child.startMerged("strace", command);
        try {
            strace.expect("strace:"); // it has attached
            long before = count(counting);
            Bench.pass(SECONDS);
            messages = count(counting) - before;
        } finally {
            strace.terminate(); // makes it write its summary
        }
        return new Outcome(Map.of(Figure.SYSTEM_CALLS.key, parse(Files.readAllLines(summary)) / (double) messages));
    }

    private static long count(Child counting) throws IOException {
        return Long.parseLong(counting.ask("mark").getOrDefault("count", "0"));
    }

    /** Parses the number of calls in the last line, which is the total. */
    static long parse(List<String> summary) throws IOException {
        for (String line : summary.reversed()) {
            String[] words = line.strip().split(" +", -1);
            if (words.length == 2 && words[1].equals("total")) {
                return Long.parseLong(words[0]);
            }
        }
        throw new IOException("strace gave no total: " + String.join(" | ", summary));
    }
}
