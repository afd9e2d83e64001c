package rill.spi.simulation;

import java.io.IOException;

/**
 * Thrown by a simulated {@link rill.spi.Selector} once its host has lost its power: nothing of its loop runs again. No callback, no Handle and no
 * {@code finally} of a Task runs, nothing is reported, and everything that the loop held is released. Only waiters on other loops for a Future of
 * this one are notified.
 */
public final class PowerLoss extends IOException {
    private static final long serialVersionUID = 1L;

    /** Creates the exception; the message names the event and the host. */
    public PowerLoss(String message) {
        super(message);
    }
}
