package rill.bench.micro;

/** Throws unless exactly this many bytes were written, so that nothing broken is measured. */
final class Written {
    private Written() {}

    static long checked(long written, long expected) {
        if (written != expected) {
            throw new IllegalStateException(expected + " bytes expected, " + written + " written");
        }
        return written;
    }
}
