package rill.bench.program;

import java.io.IOException;
import rill.Loop;

/** A loop on the transport that {@code -Drill.transport} names, or the reason why there is none. */
final class RillLoop {
    private RillLoop() {}

    static Loop open() throws IOException, UnavailableException {
        try {
            return Loop.open();
        } catch (IllegalStateException e) {
            throw new UnavailableException(String.valueOf(e.getMessage()));
        }
    }
}
