package rill;

/** The place where a Future was made, with its stack trace. */
final class Origin extends Exception {
    private static final long serialVersionUID = 1L;

    Origin() {
        super("the Future was made here");
    }
}
