package rill.bench.program;

import java.io.IOException;
import rill.Loop;
import rill.LoopOptions;

/** Opens a loop on the transport that {@code -Drill.transport} names, or reports why it can't. */
final class RillLoop {
    private RillLoop() {}

    static Loop open() throws IOException, UnavailableException {
        return open(LoopOptions.defaults());
    }

    static Loop open(LoopOptions options) throws IOException, UnavailableException {
        try {
            return Loop.open(options);
        } catch (IllegalStateException e) {
            throw new UnavailableException(String.valueOf(e.getMessage()));
        }
    }
}
