package rill.bench;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** The machine that the benchmarks run on, as far as it matters to them. */
final class Machine {
    private final List<Integer> processors;

    private Machine(List<Integer> processors) {
        this.processors = processors;
    }

    static Machine look() {
        List<Integer> processors = List.of();
        try {
            for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
                if (line.startsWith("Cpus_allowed_list:")) {
                    processors = parseProcessors(
                            line.substring(line.indexOf(':') + 1).strip());
                }
            }
        } catch (IOException notLinux) {
            // in that case there are none to pin anything to, which whyNoProcesses() reports
        }
        return new Machine(processors);
    }

    /** Parses a list such as {@code 0-3,8}. */
    static List<Integer> parseProcessors(String list) {
        List<Integer> all = new ArrayList<>();
        for (String range : list.split(",", -1)) {
            String[] ends = range.split("-", -1);
            int last = Integer.parseInt(ends[ends.length - 1]);
            for (int i = Integer.parseInt(ends[0]); i <= last; i++) {
                all.add(i);
            }
        }
        return all;
    }

    /** Returns why whole processes can't be measured here; empty if they can. */
    Optional<String> whyNoProcesses() {
        if (!isLinux()) {
            return Optional.of(
                    "only Linux tells what a process has used, in /proc; this is " + System.getProperty("os.name"));
        }
        if (processors.size() < 2) {
            return Optional.of("server and load need a processor each, and there is only one");
        }
        if (program("taskset").isEmpty()) {
            return Optional.of("taskset is missing, which pins processes (Debian: util-linux)");
        }
        return Optional.empty();
    }

    static boolean isLinux() {
        return System.getProperty("os.name").equals("Linux");
    }

    /** Returns the processor for the measured program. */
    int server() {
        return processors.getFirst();
    }

    /** Returns the processor for the load. */
    int load() {
        return processors.get(1);
    }

    /** Returns the path of an installed program. */
    static Optional<Path> program(String name) {
        for (String folder : System.getenv().getOrDefault("PATH", "").split(File.pathSeparator, -1)) {
            Path file = Path.of(folder, name);
            if (Files.isExecutable(file)) {
                return Optional.of(file);
            }
        }
        return Optional.empty();
    }

    /** Returns a description for the head of a report. */
    Map<String, String> description() {
        Map<String, String> all = new TreeMap<>();
        all.put("system", System.getProperty("os.name") + " " + System.getProperty("os.version"));
        all.put("architecture", System.getProperty("os.arch"));
        all.put("processor", procLine("/proc/cpuinfo", "model name"));
        all.put(
                "processors",
                processors.isEmpty() ? "" + Runtime.getRuntime().availableProcessors() : "" + processors.size());
        all.put("memory", procLine("/proc/meminfo", "MemTotal"));
        all.put("java", System.getProperty("java.vm.name") + " " + System.getProperty("java.vm.version"));
        return all;
    }

    private static String procLine(String file, String key) {
        try {
            return Files.readAllLines(Path.of(file)).stream()
                    .filter(line -> line.startsWith(key))
                    .findFirst()
                    .map(line -> line.substring(line.indexOf(':') + 1).strip().replaceAll(" +", " "))
                    .orElse("unknown");
        } catch (IOException e) {
            return "unknown";
        }
    }
}
