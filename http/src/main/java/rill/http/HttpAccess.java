package rill.http;

import java.net.SocketAddress;
import java.time.Duration;

/**
 * A request that was answered, or whose answer could not be sent to its end; for an access log.
 *
 * <p><b>Not guaranteed:</b> the set of components: later versions may add some. Read them by name, and leave it to Rill to make such a record.
 *
 * @param remoteAddress the client
 * @param method the method
 * @param target the target
 * @param status the status of the answer; 0 if there was none
 * @param bytes the number of bytes of the body that were written
 * @param time from the request's head to the end of the answer, or of the connection
 * @param complete whether the whole answer was written
 */
public record HttpAccess(
        SocketAddress remoteAddress,
        String method,
        String target,
        int status,
        long bytes,
        Duration time,
        boolean complete) {
    /** One line: {@code /127.0.0.1:4711 "GET /a" 200, 1234 bytes, 5 ms}. */
    @Override
    public String toString() {
        return remoteAddress + " \"" + method + " " + target + "\" " + status + ", " + bytes + " bytes, "
                + time.toMillis() + " ms" + (complete ? "" : ", not whole");
    }
}
