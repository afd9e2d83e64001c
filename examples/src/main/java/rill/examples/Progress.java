package rill.examples;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.function.Supplier;
import rill.Handle;
import rill.Loop;

/** Reports progress once a second; whatever finishes sooner reports nothing. On the loop. */
final class Progress {
    private static final Duration INTERVAL = Duration.ofSeconds(1);

    private final Loop loop;
    private final PrintWriter out;
    private final Supplier<String> text;
    private Handle timer;

    Progress(Loop loop, PrintWriter out, Supplier<String> text) {
        this.loop = loop;
        this.out = out;
        this.text = text;
        this.timer = loop.schedule(INTERVAL, "progress", this::tell);
    }

    private void tell() {
        out.println("  " + text.get());
        timer = loop.schedule(INTERVAL, "progress", this::tell);
    }

    void stop() {
        timer.cancel();
    }
}
