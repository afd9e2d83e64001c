package rill.transport.sim;

/**
 * Something is left at the end of a run that should have come to an end, or been given back: a Task that hangs, a buffer that nobody has released.
 * Where it belongs, {@link Simulation#expect} it by its name.
 */
public final class LeftBehindException extends Exception {
    private static final long serialVersionUID = 1L;

    private final String name;

    LeftBehindException(String name, String message) {
        super(message);
        this.name = name;
    }

    /** Of the Task, such as {@code writer}; of what is not given back, {@code buffers} or {@code sockets}. */
    public String name() {
        return name;
    }
}
