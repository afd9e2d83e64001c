package rill.transport.sim;

import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What happened in a simulation, as lines of JSON or as a picture: all of it, or the part of a period, of some hosts, of some connections. Immutable;
 * each selecting method returns a changed copy.
 */
public final class Timeline {
    private final long seed;
    private final List<String> hosts;
    private final List<Trace.Entry> entries;
    private final List<Strike> faults;
    private final Selection selection;

    Timeline(long seed, List<String> hosts, List<Trace.Entry> entries, List<Strike> faults) {
        this(seed, hosts, entries, faults, Selection.ALL);
    }

    private Timeline(
            long seed, List<String> hosts, List<Trace.Entry> entries, List<Strike> faults, Selection selection) {
        this.seed = seed;
        this.hosts = hosts;
        this.entries = entries;
        this.faults = faults;
        this.selection = selection;
    }

    // ---- selecting

    /** Selects what happened between two times, both counted from the start of the simulation. */
    public Timeline between(Duration from, Duration to) {
        if (from.isNegative() || to.compareTo(from) < 0) {
            throw new IllegalArgumentException("there is no time between " + from + " and " + to);
        }
        return with(new Selection(
                Agenda.nanos(from), Agenda.nanos(to), selection.hosts(), selection.connections(), selection.timers()));
    }

    /** Selects what happened on these hosts, or between them and others. */
    public Timeline ofHosts(String... names) {
        var numbers = new TreeSet<Integer>();
        for (String each : names) {
            int number = hosts.indexOf(each);
            if (number < 0) {
                throw new IllegalArgumentException(
                        "there is no host " + each + "; the hosts are " + String.join(", ", hosts));
            }
            numbers.add(number);
        }
        return with(
                new Selection(selection.from(), selection.to(), numbers, selection.connections(), selection.timers()));
    }

    /** Selects what belongs to these connections, by the numbers that a picture shows, and what happened to hosts. */
    public Timeline ofConnections(int... numbers) {
        var wanted = new TreeSet<Integer>();
        for (int each : numbers) {
            if (each < 1 || entries.stream().noneMatch(entry -> entry.connection() == each)) {
                throw new IllegalArgumentException("of a connection " + each + " nothing was recorded; the last one is "
                        + entries.stream()
                                .mapToInt(Trace.Entry::connection)
                                .max()
                                .orElse(0));
            }
            wanted.add(each);
        }
        return with(new Selection(selection.from(), selection.to(), selection.hosts(), wanted, selection.timers()));
    }

    /** Leaves out the timers. */
    public Timeline withoutTimers() {
        return with(new Selection(selection.from(), selection.to(), selection.hosts(), selection.connections(), false));
    }

    private Timeline with(Selection newSelection) {
        return new Timeline(seed, hosts, entries, faults, newSelection);
    }

    // ---- output

    /** Returns the faults that have struck, in order, recorded or not: values that {@link Simulation#replay} brings about again. */
    public List<Strike> faults() {
        return faults;
    }

    /** Writes one JSON object per line for each event; times are nanoseconds since the start of the simulation. */
    public void writeJson(Path file) throws IOException {
        try (BufferedWriter out = open(file)) {
            for (Trace.Entry each : entries) {
                if (selection.includes(each)) {
                    out.write(json(each));
                    out.newLine();
                }
            }
        }
    }

    /**
     * Writes an SVG picture: a column for each host, arrows for segments, marks for timers, Futures, faults and notes. With no selection it shows
     * about 160 events, around the failure or at the end; with a selection, up to 1,000. Faults that began earlier are shown as well.
     */
    public void writePicture(Path file) throws IOException {
        try (BufferedWriter out = open(file)) {
            out.write(new Picture(seed, new Scene(hosts, entries, faults, selection)).draw());
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
