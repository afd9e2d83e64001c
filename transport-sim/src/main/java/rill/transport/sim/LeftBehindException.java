package rill.transport.sim;

/**
 * Something left at the end of a run that should have ended or been released: a Task that hangs, a buffer that nobody has released. If that belongs
 * to the scenario, {@link Simulation#expect} it by its name.
 */
public final class LeftBehindException extends Exception {
    private static final long serialVersionUID = 1L;

    private final String name;

    LeftBehindException(String name, String message) {
        super(message);
        this.name = name;
    }

    /** Returns the name of the Task, such as {@code writer}; or, for resources, {@code buffers} or {@code sockets}. */
    public String name() {
        return name;
    }
}
