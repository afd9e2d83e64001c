package rill.bench;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/**
 * The processor time that a process has used so far.
 *
 * <p><b>Units:</b> {@code total} in nanoseconds, exact (from {@code schedstat}); {@code user} and {@code system} in nanoseconds as well, but obtained
 * by sampling, so they are shown and never judged. Only these two, in ticks, include threads that have ended. <b>Source:</b> proc(5).
 *
 * @param total the time on a processor of all threads that are alive
 * @param ticks user and system time together, read before {@code total}; the others were read after it
 */
record Cpu(long total, long user, long system, long ticks) {
    private static final long NANOS_PER_TICK = 10_000_000; // USER_HZ is 100 on every Linux that Java runs on

    /** Two numbers of ticks, at both ends of a window, are rounded by less than that. */
    private static final long ROUNDING_NANOS = 5 * NANOS_PER_TICK;

    static Cpu of(long pid) throws IOException {
        return read(Path.of("/proc", Long.toString(pid)));
    }

    static Cpu read(Path process) throws IOException {
        Cpu before = ticks(process);
        long total = 0;
        try (DirectoryStream<Path> threads = Files.newDirectoryStream(process.resolve("task"))) {
            for (Path thread : threads) {
                total += onProcessor(thread);
            }
        }
        Cpu after = ticks(process);
        return new Cpu(total, after.user, after.system, before.user + before.system);
    }

    private static Cpu ticks(Path process) throws IOException {
        String stat = Files.readString(process.resolve("stat"));
        // The second field is the name, in parentheses, which may contain anything; user and system are fields 14 and
        // 15.
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
        return new Cpu(0, Long.parseLong(fields[11]) * NANOS_PER_TICK, Long.parseLong(fields[12]) * NANOS_PER_TICK, 0);
    }

    private static long onProcessor(Path thread) throws IOException {
        try {
            return parseSchedstat(Files.readString(thread.resolve("schedstat")));
        } catch (NoSuchFileException ended) {
            return 0;
        } catch (IOException e) {
            if (String.valueOf(e.getMessage()).contains("No such process")) {
                return 0; // it ended between being listed and being read
            }
            throw e;
        }
    }

    /** Parses three numbers: the time on a processor, the time waiting for one, and the number of time slices. Returns the first. */
    static long parseSchedstat(String line) throws IOException {
        String[] fields = line.strip().split(" ", -1);
        if (fields.length != 3) {
            throw new IOException("not a schedstat: three numbers expected, found '" + line.strip() + "'");
        }
        return Long.parseLong(fields[0]);
    }

    /** Returns what was used since {@code earlier}; never negative, even if threads have ended meanwhile. */
    Cpu since(Cpu earlier) {
        return new Cpu(Math.max(0, total - earlier.total), user - earlier.user, system - earlier.system, 0);
    }

    /** Fails if threads have ended since {@code earlier} and taken their time with them, since what is left is too little. */
    void requireAllAliveSince(Cpu earlier) throws IOException {
        long gone = ticks - (earlier.user + earlier.system) - (total - earlier.total);
        if (gone > ROUNDING_NANOS) {
            throw new IOException("threads ended within the window, so " + gone / 1_000_000
                    + " ms of processor time or more are missing in what a message costs");
        }
    }
}
