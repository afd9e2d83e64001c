package rill.http.wire;

/** A host, and optionally a port, as in Host and in the target of CONNECT. <b>Source:</b> RFC 3986, 3.2.2 and 3.2.3. */
final class Authority {
    private static final boolean[] NAME = new boolean[128];
    private static final int PORT_DIGITS = 5;

    static {
        for (char c = 0; c < NAME.length; c++) {
            NAME[c] = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        }
        for (char c : "-._~%!$&'()*+,;=".toCharArray()) {
            NAME[c] = true;
        }
    }

    private Authority() {}

    /**
     * The index at which {@code bytes[at..end)} stops being a host and optionally a port; {@code end} if it is one.
     *
     * @param portNeeded whether both the host and the port are required
     */
    static int check(byte[] bytes, int at, int end, boolean portNeeded) {
        int i = at;
        if (i < end && bytes[i] == '[') {
            i++;
            while (i < end && isInLiteral(bytes[i])) {
                i++;
            }
            if (i == end || bytes[i] != ']' || i == at + 1) {
                return Math.min(i, end - 1);
            }
            i++;
        } else {
            while (i < end && bytes[i] >= 0 && NAME[bytes[i]]) {
                i++;
            }
        }
        if (i == end) {
            return portNeeded ? Math.max(at, end - 1) : end;
        }
        return bytes[i] != ':' || (portNeeded && i == at) ? i : port(bytes, i + 1, end, portNeeded);
    }

    private static int port(byte[] bytes, int at, int end, boolean needed) {
        int i = at;
        while (i < end && bytes[i] >= '0' && bytes[i] <= '9' && i - at < PORT_DIGITS) {
            i++;
        }
        return i == at && needed ? at - 1 : i;
    }

    private static boolean isInLiteral(byte octet) {
        return (octet >= '0' && octet <= '9')
                || (octet >= 'a' && octet <= 'f')
                || (octet >= 'A' && octet <= 'F')
                || octet == ':'
                || octet == '.'
                || octet == '%'; // of a zone, which some clients send
    }
}
