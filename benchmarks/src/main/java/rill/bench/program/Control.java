package rill.bench.program;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.util.function.LongSupplier;

/** Answers the lines that the harness sends, and ends the process at the end of its input, whatever else still runs in it. */
final class Control {
    private Control() {}

    /** Never returns. {@code count} returns how much was done so far. */
    static void untilInputEnds(LongSupplier count) throws IOException {
        var in = new BufferedReader(new InputStreamReader(System.in, US_ASCII));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            if (line.equals("exit")) {
                System.out.println("exit");
                System.exit(0); // not halted: a JVM that records its AOT cache does so at its exit
            }
            System.out.println(
                    switch (line) {
                        case "mark" -> mark(count);
                        case "memory" -> "memory " + Memory.live();
                        default -> "unknown " + line;
                    });
        }
        Runtime.getRuntime().halt(0);
    }

    private static String mark(LongSupplier count) {
        return "mark count=" + count.getAsLong() + " ns=" + System.nanoTime() + " allocated=" + Memory.allocated();
    }
}
