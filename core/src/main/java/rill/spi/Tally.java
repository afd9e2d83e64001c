package rill.spi;

/**
 * What a Selector tells of its own work, which nobody else sees: {@link rill.Loop#metrics} shows it. Given by {@link Selector#tellInto}.
 *
 * <p><b>Threading:</b> the Selector's driver, within a call of the Selector, or of a Wire or an Acceptor of it. Each call is a few instructions,
 * allocates nothing and throws nothing.
 */
public interface Tally {
    /** Of Selectors that nobody asks: takes no notice. */
    Tally NONE = new Tally() {
        @Override
        public void read() {}

        @Override
        public void written() {}

        @Override
        public void awake() {}
    };

    /** The system was asked once for the bytes of a Wire, whatever came of it. */
    void read();

    /** The system was given bytes of a Wire once, whatever it took. */
    void written();

    /**
     * A {@link Selector#select} that may wait has waited, and goes on to deliver what there is: from here on the loop is busy. Of a Selector that
     * does not say so, all of such a {@code select} counts as waiting.
     */
    void awake();
}
