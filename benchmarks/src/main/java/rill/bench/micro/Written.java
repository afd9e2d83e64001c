package rill.bench.micro;

/** Throws unless exactly the expected number of bytes was written, so that nothing is measured that does not work. */
final class Written {
    private Written() {}

    static long checked(long written, long expected) {
        if (written != expected) {
            throw new IllegalStateException(expected + " bytes expected, " + written + " written");
        }
        return written;
    }
}
