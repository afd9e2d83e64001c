package rill;

import java.io.IOException;

/** Something was not done by its deadline. The message says what, and how long it had. */
public final class DeadlineException extends IOException {
    private static final long serialVersionUID = 1L;

    /** Says what was late. */
    public DeadlineException(String message) {
        super(message);
    }
}
