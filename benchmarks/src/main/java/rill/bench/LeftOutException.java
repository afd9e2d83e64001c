package rill.bench;

import java.io.IOException;

/** Something can't be measured here; the message is the reason, for the report. */
final class LeftOutException extends IOException {
    LeftOutException(String reason) {
        super(reason);
    }
}
