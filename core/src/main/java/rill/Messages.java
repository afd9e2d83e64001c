package rill;

import io.netty.util.ReferenceCounted;

/** What the framework does with messages without knowing their type. */
final class Messages {
    private Messages() {}

    /** Releases a message that nobody received, or that has been sent. */
    static void release(Object message) {
        if (message instanceof ReferenceCounted counted) {
            counted.release();
        }
    }
}
