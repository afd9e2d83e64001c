package rill.http.wire;

/** The four forms of a request's target. <b>Source:</b> RFC 9112, 3.2. */
final class Targets {
    private Targets() {}

    /** The index at which visible characters stop being a target that this method may have; {@code end} if they are one. */
    static int check(String method, byte[] bytes, int at, int end) {
        if (method.equals("CONNECT")) {
            return Authority.check(bytes, at, end, true);
        }
        if (bytes[at] == '/') {
            return end;
        }
        if (bytes[at] == '*' && end == at + 1 && method.equals("OPTIONS")) {
            return end;
        }
        return absolute(bytes, at, end);
    }

    /** A scheme, two slashes, and a host. */
    private static int absolute(byte[] bytes, int at, int end) {
        int i = at;
        while (i < end && (isLetter(bytes[i]) || (i > at && isOfScheme(bytes[i])))) {
            i++;
        }
        for (int j = 0; j < 3; j++, i++) {
            if (i >= end || bytes[i] != "://".charAt(j) || i == at) {
                return Math.min(i, end - 1);
            }
        }
        int host = i;
        while (i < end && bytes[i] != '/' && bytes[i] != '?') {
            i++;
        }
        int wrong = i == host ? host : Authority.check(bytes, host, i, false);
        return wrong < i || i == host ? Math.min(wrong, end - 1) : end;
    }

    private static boolean isLetter(byte octet) {
        return (octet >= 'a' && octet <= 'z') || (octet >= 'A' && octet <= 'Z');
    }

    private static boolean isOfScheme(byte octet) {
        return (octet >= '0' && octet <= '9') || octet == '+' || octet == '-' || octet == '.';
    }
}
