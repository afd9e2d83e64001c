package rill.examples;

import java.io.IOException;

/** Checks of an example's own results: a demo that did not work must not look as if it had. */
final class Expect {
    private Expect() {}

    static void equal(String what, Object expected, @org.jspecify.annotations.Nullable Object found)
            throws IOException {
        if (!expected.equals(found)) {
            throw new IOException(what + ": expected " + expected + ", found " + found);
        }
    }
}
