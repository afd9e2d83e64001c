package rill.transport.sim;

import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What happened in a simulation, to be looked at: as lines of JSON, or as a picture of its end. */
public final class Timeline {
    private final long seed;
    private final List<String> hosts;
    private final List<Trace.Entry> entries;
    private final List<Strike> faults;

    Timeline(long seed, List<String> hosts, List<Trace.Entry> entries, List<Strike> faults) {
        this.seed = seed;
        this.hosts = hosts;
        this.entries = entries;
        this.faults = faults;
    }

    /** The faults that have struck, in order, recorded or not: values, which {@link Simulation#replay} brings about again. */
    public List<Strike> faults() {
        return faults;
    }

    /** Writes one JSON object a line, for each event; times are nanoseconds since the simulation began. */
    public void writeJson(Path file) throws IOException {
        try (BufferedWriter out = open(file)) {
            for (Trace.Entry each : entries) {
                out.write(json(each));
                out.newLine();
            }
        }
    }

    /**
     * Writes an SVG picture of the last few hundred events: a column for each host, arrows for segments, marks for timers, Futures,
     * faults and notes.
     */
    public void writePicture(Path file) throws IOException {
        try (BufferedWriter out = open(file)) {
            out.write(new Picture(seed, hosts, entries).draw());
        }
    }

    private static BufferedWriter open(Path file) throws IOException {
        Path directory = file.toAbsolutePath().getParent();
        if (directory != null) {
            Files.createDirectories(directory);
        }
        return Files.newBufferedWriter(file);
    }

    private String json(Trace.Entry entry) {
        var text = new StringBuilder("{\"at\":").append(entry.time());
        add(text, "event", entry.kind().name().toLowerCase(java.util.Locale.ROOT));
        add(text, "host", nameOf(entry.host()));
        add(text, "other", nameOf(entry.other()));
        if (entry.connection() > 0) {
            text.append(",\"connection\":").append(entry.connection());
        }
        text.append(",\"number\":")
                .append(entry.number())
                .append(",\"length\":")
                .append(entry.length());
        add(text, "what", entry.what());
        add(text, "label", entry.label());
        return text.append('}').toString();
    }

    private @Nullable String nameOf(int host) {
        return host < 0 ? null : hosts.get(host);
    }

    private static void add(StringBuilder text, String name, @Nullable String value) {
        if (value == null) {
            return;
        }
        text.append(",\"").append(name).append("\":\"");
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c == '"' || c == '\\') {
                text.append('\\').append(c);
            } else if (c < ' ') {
                text.append("\\u%04x".formatted((int) c));
            } else {
                text.append(c);
            }
        }
        text.append('"');
    }
}
