package rill.spi;

/**
 * Receives counts of a Selector's own work, which is not visible elsewhere; {@link rill.Loop#metrics} shows them. Set by {@link Selector#tellInto}.
 *
 * <p><b>Threading:</b> the Selector's driver, within a call to the Selector or to one of its Wires or Acceptors. Each call is a few instructions,
 * allocates nothing and throws nothing.
 */
public interface Tally {
    /** Ignores all calls, for a Selector that nobody observes. */
    Tally NONE = new Tally() {
        @Override
        public void read() {}

        @Override
        public void written() {}

        @Override
        public void awake() {}
    };

    /** The system was asked once for the bytes of a Wire, whatever the result. */
    void read();

    /** Bytes of a Wire were passed to the system once, however many it took. */
    void written();

    /**
     * A {@link Selector#select} that may wait has waited, and continues by delivering events: from here on the loop is busy. If a Selector never
     * calls this, all the time of such a {@code select} counts as waiting.
     */
    void awake();
}
