package rill;

/**
 * The Reporter of loops under stress. What a Handle or a callback throws in the middle of a race would be nobody's failure: it ends the VM, which
 * jcstress counts as an error of the test. Everything else is part of the race: a connection that is cut off, a Future that nobody waits for.
 *
 * <p><b>Threading:</b> any thread.
 */
final class Alarm implements Reporter {
    @Override
    public void report(Report report) {
        if (report instanceof Report.Thrown thrown) {
            System.err.println(thrown.message());
            thrown.cause().printStackTrace();
            System.err.flush();
            Runtime.getRuntime().halt(1);
        }
    }
}
