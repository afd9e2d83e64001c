package rill.spi;

import java.io.IOException;

/**
 * What a simulated {@link Selector} throws once its host has lost its power: nothing of its loop runs again. No callback does, no
 * Handle, no {@code finally} of a Task; nothing is reported; and everything that the loop held is given back. Only those who wait on
 * other loops for a Future of this one are told.
 */
public final class PowerLoss extends IOException {
    private static final long serialVersionUID = 1L;

    /** Names what has happened to which host. */
    public PowerLoss(String message) {
        super(message);
    }
}
