package rill;

import java.nio.channels.ClosedChannelException;

/** A ClosedChannelException that says which one. */
final class ClosedHere extends ClosedChannelException {
    private final String message;

    ClosedHere(String message) {
        this.message = message;
    }

    @Override
    public String getMessage() {
        return message;
    }
}
