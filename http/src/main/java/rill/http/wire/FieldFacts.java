package rill.http.wire;

/**
 * What the fields of one message state about its framing and its connection, collected while they are read. Anything ambiguous is a violation.
 * <b>Source:</b> RFC 9112, 6.1, 6.3 and 3.2; RFC 9110, 7.6.1, 7.8 and 10.1.1.
 */
final class FieldFacts {
    static final int HAS_LENGTH = 1;
    static final int CHUNKED = 1 << 1;
    static final int HAS_HOST = 1 << 2;
    static final int CLOSE = 1 << 3;
    static final int KEEP_ALIVE = 1 << 4;
    static final int UPGRADE_OPTION = 1 << 5; // of Connection
    static final int UPGRADE = 1 << 6;
    static final int CONTINUE = 1 << 7; // is expected
    static final int OTHER_EXPECTATION = 1 << 8;
    static final int SECOND_HOST = 1 << 9; // a violation only in requests, like the next one
    static final int WRONG_HOST = 1 << 10;

    /** The number of digits that always fit in 64 bits. */
    private static final int DIGITS = 18;

    int flags;
    long contentLength;

    void clear() {
        flags = 0;
        contentLength = 0;
    }

    /** Evaluates a field whose value is {@code bytes[at..end)}. */
    void note(int known, byte[] bytes, int at, int end) throws HttpProtocolException {
        switch (known) {
            case KnownFields.CONNECTION -> connection(bytes, at, end);
            case KnownFields.CONTENT_LENGTH -> contentLength(bytes, at, end);
            case KnownFields.EXPECT -> flags |= isWord(bytes, at, end, "100-continue") ? CONTINUE : OTHER_EXPECTATION;
            case KnownFields.HOST -> host(bytes, at, end);
            case KnownFields.TRANSFER_ENCODING -> transferEncoding(bytes, at, end);
            case KnownFields.UPGRADE -> flags |= UPGRADE;
            default -> {}
        }
    }

    private void contentLength(byte[] bytes, int at, int end) throws HttpProtocolException {
        if ((flags & HAS_LENGTH) != 0) {
            throw new HttpProtocolException(at, "expected one Content-Length, found another");
        }
        if (at == end) {
            throw new HttpProtocolException(at, "expected digits in Content-Length, found nothing");
        }
        if (end - at > DIGITS) {
            throw new HttpProtocolException(at, "expected a Content-Length of at most " + DIGITS + " digits");
        }
        long length = 0;
        for (int i = at; i < end; i++) {
            int digit = bytes[i] - '0';
            if (digit < 0 || digit > 9) {
                throw new HttpProtocolException(
                        i, "expected a digit in Content-Length, found " + Grammar.shown(bytes[i] & 0xFF));
            }
            length = length * 10 + digit;
        }
        contentLength = length;
        flags |= HAS_LENGTH;
    }

    private void transferEncoding(byte[] bytes, int at, int end) throws HttpProtocolException {
        if ((flags & CHUNKED) != 0) {
            throw new HttpProtocolException(at, "expected one Transfer-Encoding, found another");
        }
        if (!isWord(bytes, at, end, "chunked")) {
            int comma = end;
            while (comma > at && bytes[comma - 1] != ',') {
                comma--;
            }
            while (comma < end && Grammar.isBlank(bytes[comma])) {
                comma++;
            }
            boolean merelyUnsupported = comma > at && isWord(bytes, comma, end, "chunked");
            throw new HttpProtocolException(
                    at, merelyUnsupported ? 501 : 400, "expected the Transfer-Encoding \"chunked\" and no other");
        }
        flags |= CHUNKED;
    }

    private void connection(byte[] bytes, int at, int end) {
        int first = at;
        while (first < end) {
            int comma = first;
            while (comma < end && bytes[comma] != ',') {
                comma++;
            }
            int last = comma;
            while (first < last && Grammar.isBlank(bytes[first])) {
                first++;
            }
            while (last > first && Grammar.isBlank(bytes[last - 1])) {
                last--;
            }
            option(bytes, first, last);
            first = comma + 1;
        }
    }

    private void option(byte[] bytes, int at, int end) {
        switch (end - at) {
            case 5 -> flags |= isWord(bytes, at, end, "close") ? CLOSE : 0;
            case 7 -> flags |= isWord(bytes, at, end, "upgrade") ? UPGRADE_OPTION : 0;
            case 10 -> flags |= isWord(bytes, at, end, "keep-alive") ? KEEP_ALIVE : 0;
            default -> {}
        }
    }

    private void host(byte[] bytes, int at, int end) {
        if ((flags & HAS_HOST) != 0) {
            flags |= SECOND_HOST;
        }
        if (Authority.check(bytes, at, end, false) < end) {
            flags |= WRONG_HOST;
        }
        flags |= HAS_HOST;
    }

    /** Whether these bytes are this word of lower-case letters, hyphens and digits, ignoring case. */
    static boolean isWord(byte[] bytes, int at, int end, String word) {
        if (end - at != word.length()) {
            return false;
        }
        for (int i = 0; i < word.length(); i++) {
            int one = bytes[at + i];
            if ((one >= 'A' && one <= 'Z' ? one + 0x20 : one) != word.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    // ---- conclusions

    /** The length of a request's body: see {@link Head#bodyLength}. */
    static long lengthOfRequest(int flags, long contentLength, int minor, boolean connect)
            throws HttpProtocolException {
        refuseAmbiguity(flags, minor);
        if ((flags & HAS_HOST) == 0 && minor > 0) {
            throw new HttpProtocolException(0, "expected a Host in a request of HTTP/1.1");
        }
        if ((flags & SECOND_HOST) != 0) {
            throw new HttpProtocolException(0, "expected one Host, found another");
        }
        if ((flags & WRONG_HOST) != 0) {
            throw new HttpProtocolException(0, "expected a host and perhaps a port in Host");
        }
        if (connect && ((flags & CHUNKED) != 0 || contentLength > 0)) {
            throw new HttpProtocolException(0, "expected no body with CONNECT");
        }
        return (flags & CHUNKED) != 0 ? Head.CHUNKED : contentLength;
    }

    /** The length of a response's body, if its request was neither HEAD nor CONNECT. */
    static long lengthOfResponse(int flags, long contentLength, int minor, int status) throws HttpProtocolException {
        refuseAmbiguity(flags, minor);
        if (status < 200 || status == 204) {
            if ((flags & CHUNKED) != 0 || contentLength > 0) {
                throw new HttpProtocolException(0, "expected no body in a response with status " + status);
            }
            return 0;
        }
        if (status == 304) {
            return 0;
        }
        if ((flags & CHUNKED) != 0) {
            return Head.CHUNKED;
        }
        return (flags & HAS_LENGTH) != 0 ? contentLength : Head.UNTIL_CLOSE;
    }

    private static void refuseAmbiguity(int flags, int minor) throws HttpProtocolException {
        if ((flags & CHUNKED) != 0) {
            if ((flags & HAS_LENGTH) != 0) {
                throw new HttpProtocolException(0, "expected Transfer-Encoding or Content-Length, found both");
            }
            if (minor == 0) {
                throw new HttpProtocolException(0, "expected no Transfer-Encoding in HTTP/1.0");
            }
        }
    }

    static boolean keepAlive(int flags, int minor) {
        return (flags & CLOSE) == 0 && (minor > 0 || (flags & KEEP_ALIVE) != 0);
    }
}
