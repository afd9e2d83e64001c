package rill.bench.micro;

/** Throws unless exactly so many bytes were written, so that nothing is measured that does not work. */
final class Written {
    private Written() {}

    static long checked(long written, long expected) {
        if (written != expected) {
            throw new IllegalStateException(expected + " bytes expected, " + written + " written");
        }
        return written;
    }
}
