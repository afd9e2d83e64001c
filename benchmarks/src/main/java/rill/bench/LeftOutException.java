package rill.bench;

import java.io.IOException;

/** A measurement is left out; the message is the reason, for the report. */
final class LeftOutException extends IOException {
    LeftOutException(String reason) {
        super(reason);
    }
}
