package rill.http.wire;

/**
 * A queue of the unanswered requests' properties that decide how their answers are read and written. It grows with the requests in flight, which the
 * user of a session must bound.
 */
final class Kinds {
    /** The answer has no body, whatever its fields say. */
    static final int HEAD = 1;

    /** An answer that agrees to the request ends HTTP on this connection. */
    static final int CONNECT = 1 << 1;

    /** A 101 ends HTTP on this connection. */
    static final int UPGRADE = 1 << 2;

    /** The client speaks HTTP/1.0. */
    static final int OLD = 1 << 3;

    /** The connection ends after the answer. */
    static final int LAST = 1 << 4;

    private static final byte[] NONE = {};
    private static final int SPACE = 8;

    private byte[] ring = NONE;
    private int first;
    private int count;

    static int of(RequestHead head) {
        int kind = head.minorVersion() == 0 ? OLD : 0;
        if (head.isUpgrade()) {
            kind |= UPGRADE;
        }
        if (!head.keepAlive()) {
            kind |= LAST;
        }
        return switch (head.method()) {
            case "HEAD" -> kind | HEAD;
            case "CONNECT" -> kind | CONNECT;
            default -> kind;
        };
    }

    static boolean isHead(int kind) {
        return (kind & HEAD) != 0;
    }

    static boolean opensTunnel(int kind, int status) {
        return (kind & CONNECT) != 0 && status >= 200 && status < 300;
    }

    void add(int kind) {
        if (count == ring.length) {
            grow();
        }
        ring[(first + count++) & (ring.length - 1)] = (byte) kind;
    }

    private void grow() {
        byte[] larger = new byte[Math.max(SPACE, 2 * count)];
        for (int i = 0; i < count; i++) {
            larger[i] = ring[(first + i) & (ring.length - 1)];
        }
        ring = larger;
        first = 0;
    }

    boolean isEmpty() {
        return count == 0;
    }

    int peek() {
        return ring[first];
    }

    void remove() {
        first = (first + 1) & (ring.length - 1);
        count--;
    }
}
