package rill.bench;

import java.util.Arrays;

/** A measured quantity: its name in the report, its unit, and which direction is better. */
enum Figure {
    RATE("rate", "messages per second", "/s", true, true),
    CPU("cpu", "processor time per message", "ns", false, true),
    SHARE("share", "of that, beyond the bare C loop's in the same round", "ns", false, true),
    USER("user", "in user mode (sampled, not judged)", "ns", false, false),
    SYSTEM("system", "in the kernel (sampled, not judged)", "ns", false, false),
    ALLOCATED("allocated", "heap allocated per message", "B", false, true),
    SYSTEM_CALLS("calls", "system calls per message (in a run of its own)", "", false, false),
    BUSY("busy", "of its processor used", "%", false, false),
    OTHER_BUSY("other", "of the other end's processor used", "%", false, false),
    ASKED("asked", "messages per second, asked for", "/s", true, false),
    SENT("sent", "messages per second, answered", "/s", true, false),
    LATE("late", "messages that the load could not send in time", "", false, false),
    WAITING("waiting", "messages that had no answer at the end of the window", "", false, false),
    TIME("time", "time per operation", "ns", false, true),
    ALLOCATED_PER_OPERATION("bytes", "heap allocated per operation", "B", false, true),
    P50("p50", "latency, median", "ns", false, true),
    P99("p99", "latency, 99 %", "ns", false, true),
    P999("p99.9", "latency, 99.9 %", "ns", false, true),
    P9999("p99.99", "latency, 99.99 %", "ns", false, false),
    COUNT("count", "messages measured", "", true, false),
    CONNECTIONS("connections", "connections per second", "/s", true, true),
    CPU_PER_CONNECTION("connection cpu", "processor time per connection", "ns", false, true),
    START("start", "process start to first echo", "ns", false, true),
    HEAP("heap", "live heap per connection, after collections", "B", false, true),
    DIRECT("direct", "direct memory per connection", "B", false, false),
    MEMORY("memory", "heap and direct memory per connection", "B", false, true),
    RESIDENT("resident", "resident memory per connection", "B", false, true),
    RUN("run", "processor time of the whole run", "ns", false, false),
    HELD("held", "live heap of all of it, after collections", "B", false, false),
    JARS("jars", "jars needed", "B", false, true);

    final String key;
    final String title;
    final String unit;
    final boolean higherIsBetter;
    /** Whether ratios of it are computed. */
    final boolean judged;

    Figure(String key, String title, String unit, boolean higherIsBetter, boolean judged) {
        this.key = key;
        this.title = title;
        this.unit = unit;
        this.higherIsBetter = higherIsBetter;
        this.judged = judged;
    }

    static Figure of(String key) {
        return Arrays.stream(values())
                .filter(each -> each.key.equals(key))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no such figure: " + key));
    }
}
