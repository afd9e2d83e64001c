package rill.testkit.storm;

/** A law of Rill does not hold. */
public final class Violation extends AssertionError {
    private static final long serialVersionUID = 1L;

    private final int law;

    Violation(int law, String message) {
        super("law " + law + ": " + message);
        this.law = law;
    }

    /** Returns the number of the law in the list of laws. */
    public int law() {
        return law;
    }
}
