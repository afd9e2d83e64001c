package rill;

/** Where a Future was made, with the way there. */
final class Origin extends Exception {
    private static final long serialVersionUID = 1L;

    Origin() {
        super("the Future was made here");
    }
}
