package rill.bench;

import java.io.IOException;
import rill.bench.Contest.Outcome;
import rill.bench.Tools.Program;

/**
 * Servers under a closed loop: each connection keeps so many messages in flight.
 *
 * @param profile of the window and of the load, which has to outlast it
 * @param message the size of an echo in bytes, or the path of an HTTP request
 */
record ClosedLoop(Bench bench, Program program, Profile profile, Object message, int connections, int inFlight) {
    /** Starts a contender's server, and measures it; {@code more} follows its options. */
    Outcome run(Contender contender, String... more) throws IOException {
        try (Child server = bench.server(contender, more);
                Child load = load(server)) {
            return new Window(load, server, load).measure(profile);
        }
    }

    /** Starts a contender's server, and counts its system calls once it has warmed up. */
    Outcome countCalls(Contender contender) throws IOException {
        try (Child server = bench.server(contender);
                Child load = load(server)) {
            Bench.pass(profile.warmUpSeconds());
            return SystemCalls.perMessage(bench, server, load);
        }
    }

    private Child load(Child server) throws IOException {
        int port = Integer.parseInt(server.expect("listening"));
        Child load = bench.load(program, "closed", port, profile, message, connections, "" + inFlight);
        try {
            load.expect("ready");
            return load;
        } catch (IOException | RuntimeException e) {
            load.close();
            throw e;
        }
    }
}
