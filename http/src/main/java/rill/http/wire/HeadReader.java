package rill.http.wire;

import java.nio.charset.StandardCharsets;

/**
 * Parses heads and trailers from bytes that are known to end with an empty line and to contain no control characters except tabs, and CR LF at the end
 * of each line. One for all sessions of a loop: it keeps nothing from one head to the next.
 */
final class HeadReader {
    private static final int CRLF = 2;
    private static final int VERSION = "HTTP/1.1".length();
    private static final long HTTP_1_1 = Swar.word("HTTP/1.1".getBytes(StandardCharsets.US_ASCII), 0);
    private static final long HTTP_1_0 = Swar.word("HTTP/1.0".getBytes(StandardCharsets.US_ASCII), 0);
    private static final long COLONS = Swar.each(':');
    private static final long NUMBERS = Swar.each('#');
    private static final long BELOW_VISIBLE = Swar.each('!');

    final HeadWindow window = new HeadWindow(); // for finding the bytes of the next head
    private final FieldFacts facts = new FieldFacts();

    // ---- the three kinds

    RequestHead request(byte[] bytes) throws HttpProtocolException {
        int space = methodEnd(bytes);
        String method = Methods.of(bytes, space);
        int targetEnd = targetEnd(bytes, space + 1);
        int minor = minor(bytes, targetEnd + 1, true);
        int line = targetEnd + 1 + VERSION;
        if (line != window.end(0)) {
            throw violation(bytes, line, "CR LF after the version");
        }
        checkTarget(method, bytes, space + 1, targetEnd);
        HttpFields fields = fields(bytes, 1);
        boolean connect = method.equals("CONNECT");
        long length = FieldFacts.lengthOfRequest(facts.flags, facts.contentLength, minor, connect);
        return new RequestHead(method, null, minor, fields, length);
    }

    /** @param kind of the request that it answers: see {@link Kinds} */
    ResponseHead response(byte[] bytes, int kind) throws HttpProtocolException {
        int minor = minor(bytes, 0, false);
        int space = VERSION;
        if (bytes[space] != ' ') {
            throw violation(bytes, space, "a space after the version");
        }
        int status = status(bytes, space + 1);
        int at = space + 4;
        if (bytes[at] != '\r' && bytes[at] != ' ') {
            throw violation(bytes, at, "a space after the status");
        }
        int end = window.end(0);
        String reason = Reasons.of(status, bytes, Math.min(at + 1, end), end);
        HttpFields fields = fields(bytes, 1);
        if (Kinds.opensTunnel(kind, status)) {
            return new ResponseHead(status, reason, minor, fields, 0, 0);
        }
        long declared = FieldFacts.lengthOfResponse(facts.flags, facts.contentLength, minor, status);
        return new ResponseHead(status, reason, minor, fields, declared, Kinds.isHead(kind) ? 0 : declared);
    }

    End trailers(byte[] bytes) throws HttpProtocolException {
        HttpFields fields = fields(bytes, 0);
        if (fields.isEmpty()) {
            return End.of();
        }
        for (int i = 0; i < fields.size(); i++) {
            if (End.isNoTrailer(fields.known(i))) {
                throw new HttpProtocolException(0, "expected no " + fields.name(i) + " among the trailers");
            }
        }
        return new End(fields);
    }

    // ---- first lines

    private static int methodEnd(byte[] bytes) throws HttpProtocolException {
        int i = 0;
        while (Grammar.isToken(bytes[i])) {
            i++;
        }
        if (bytes[i] != ' ' || i == 0) {
            throw violation(bytes, i, i == 0 ? "a method" : "a space after the method");
        }
        return i;
    }

    /** Visible ASCII characters, up to a space; a control character is guaranteed before the end of the bytes. */
    private static int targetEnd(byte[] bytes, int at) throws HttpProtocolException {
        int i = at;
        while (i + Long.BYTES <= bytes.length) {
            long word = Swar.word(bytes, i);
            long below = (word - BELOW_VISIBLE) & ~word;
            long others = Swar.equal(word, Swar.ONES * 0x7F) | Swar.equal(word, NUMBERS);
            long marks = (below | word | others) & Swar.HIGHS;
            if (marks != 0) {
                i += Swar.first(marks);
                break;
            }
            i += Long.BYTES;
        }
        while (bytes[i] > ' ' && bytes[i] < 0x7F && bytes[i] != '#') {
            i++;
        }
        if (bytes[i] != ' ' || i == at) {
            throw violation(bytes, i, i == at ? "a target" : "a space after the target");
        }
        return i;
    }

    private static int minor(byte[] bytes, int at, boolean ofRequest) throws HttpProtocolException {
        if (at + Long.BYTES <= bytes.length) {
            long word = Swar.word(bytes, at);
            if (word == HTTP_1_1) {
                return 1;
            }
            if (word == HTTP_1_0) {
                return 0;
            }
        }
        return otherMinor(bytes, at, ofRequest);
    }

    /** HTTP/1.2 and later are read as HTTP/1.1, as the standard requires. */
    private static int otherMinor(byte[] bytes, int at, boolean ofRequest) throws HttpProtocolException {
        String form = "HTTP/0.0";
        for (int i = 0; i < form.length(); i++) {
            int found = at + i < bytes.length ? bytes[at + i] : '\n';
            boolean fits = form.charAt(i) == '0' ? found >= '0' && found <= '9' : found == form.charAt(i);
            if (!fits) {
                throw violation(bytes, Math.min(at + i, bytes.length - 1), "a version such as HTTP/1.1");
            }
        }
        if (bytes[at + 5] != '1') {
            throw new HttpProtocolException(
                    at + 5, ofRequest ? 505 : 400, "expected HTTP/1, found version " + (char) bytes[at + 5]);
        }
        return 1;
    }

    private static int status(byte[] bytes, int at) throws HttpProtocolException {
        int status = 0;
        for (int i = at; i < at + 3; i++) {
            int digit = bytes[i] - '0';
            if (digit < 0 || digit > 9) {
                throw violation(bytes, i, "a status of three digits");
            }
            status = status * 10 + digit;
        }
        if (status < 100) {
            throw new HttpProtocolException(at, "expected a status from 100 on, found " + status);
        }
        return status;
    }

    /** Checks that the target has a form that the method may have. */
    private static void checkTarget(String method, byte[] bytes, int at, int end) throws HttpProtocolException {
        int wrong = Targets.check(method, bytes, at, end);
        if (wrong < end) {
            throw violation(bytes, wrong, "a target that " + method + " may have");
        }
    }

    // ---- fields

    /** Parses the fields from a line on. */
    private HttpFields fields(byte[] bytes, int first) throws HttpProtocolException {
        facts.clear();
        int count = window.lines() - first;
        int from = first == 0 ? 0 : window.end(first - 1) + CRLF;
        int at = from;
        long[] index = new long[count];
        for (int i = 0; i < count; i++) {
            int lineEnd = window.end(first + i);
            index[i] = field(bytes, at, lineEnd);
            at = lineEnd + CRLF;
        }
        return new HttpFields(bytes, from, at, index, facts.flags, facts.contentLength);
    }

    /** Returns the entry for a field in the index. */
    private long field(byte[] bytes, int name, int lineEnd) throws HttpProtocolException {
        int colon = colon(bytes, name, lineEnd);
        KnownFields.Known known = colon == lineEnd ? null : KnownFields.find(bytes, name, colon - name);
        if (known == null) {
            checkName(bytes, name, colon, lineEnd);
        }
        int value = colon + 1;
        while (Grammar.isBlank(bytes[value])) {
            value++;
        }
        int end = lineEnd;
        while (end > value && Grammar.isBlank(bytes[end - 1])) {
            end--;
        }
        if (known != null && known.id <= KnownFields.LAST_WITH_MEANING) {
            facts.note(known.id, bytes, value, end);
        }
        return HttpFields.entry(name, colon, value, end);
    }

    private static void checkName(byte[] bytes, int name, int colon, int lineEnd) throws HttpProtocolException {
        for (int i = name; i < colon; i++) {
            if (!Grammar.isToken(bytes[i])) {
                boolean folded = i == name && Grammar.isBlank(bytes[i]);
                throw violation(
                        bytes,
                        i,
                        folded ? "the name of a field at the beginning of a line" : "the name of a field and a colon");
            }
        }
        if (colon == lineEnd) {
            throw violation(bytes, colon, "the name of a field and a colon");
        }
        if (colon == name) {
            throw violation(bytes, colon, "the name of a field");
        }
    }

    /** The index of the first colon, or the end of the line. More bytes follow the line, CR LF at least. */
    private static int colon(byte[] bytes, int at, int lineEnd) {
        int i = at;
        for (; i < lineEnd && i + Long.BYTES <= bytes.length; i += Long.BYTES) {
            long marks = Swar.equal(Swar.word(bytes, i), COLONS);
            if (marks != 0) {
                return Math.min(i + Swar.first(marks), lineEnd);
            }
        }
        while (i < lineEnd && bytes[i] != ':') {
            i++;
        }
        return Math.min(i, lineEnd);
    }

    private static HttpProtocolException violation(byte[] bytes, int at, String expected) {
        return new HttpProtocolException(at, "expected " + expected + ", found " + Grammar.shown(bytes[at] & 0xFF));
    }
}
