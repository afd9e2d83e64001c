package rill.http.wire;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** The usual reason of each status, and the status line with it. <b>Source:</b> RFC 9110, section 15, and IANA's registry. */
final class Reasons {
    private static final int STATUSES = 1000;
    private static final @Nullable String[] REASONS = new String[STATUSES];
    private static final byte[] @Nullable [] LINES = new byte[STATUSES][];

    static {
        String all = """
                100 Continue
                101 Switching Protocols
                102 Processing
                103 Early Hints
                200 OK
                201 Created
                202 Accepted
                203 Non-Authoritative Information
                204 No Content
                205 Reset Content
                206 Partial Content
                207 Multi-Status
                208 Already Reported
                226 IM Used
                300 Multiple Choices
                301 Moved Permanently
                302 Found
                303 See Other
                304 Not Modified
                305 Use Proxy
                307 Temporary Redirect
                308 Permanent Redirect
                400 Bad Request
                401 Unauthorized
                402 Payment Required
                403 Forbidden
                404 Not Found
                405 Method Not Allowed
                406 Not Acceptable
                407 Proxy Authentication Required
                408 Request Timeout
                409 Conflict
                410 Gone
                411 Length Required
                412 Precondition Failed
                413 Content Too Large
                414 URI Too Long
                415 Unsupported Media Type
                416 Range Not Satisfiable
                417 Expectation Failed
                421 Misdirected Request
                422 Unprocessable Content
                423 Locked
                424 Failed Dependency
                425 Too Early
                426 Upgrade Required
                428 Precondition Required
                429 Too Many Requests
                431 Request Header Fields Too Large
                451 Unavailable For Legal Reasons
                500 Internal Server Error
                501 Not Implemented
                502 Bad Gateway
                503 Service Unavailable
                504 Gateway Timeout
                505 HTTP Version Not Supported
                506 Variant Also Negotiates
                507 Insufficient Storage
                508 Loop Detected
                511 Network Authentication Required
                """;
        all.lines().forEach(line -> {
            int status = Integer.parseInt(line.substring(0, 3));
            REASONS[status] = line.substring(4).intern();
            LINES[status] = ("HTTP/1.1 " + line + "\r\n").getBytes(StandardCharsets.US_ASCII);
        });
    }

    private Reasons() {}

    /** The usual reason of a status; empty if there is none. */
    static String of(int status) {
        String reason = REASONS[status];
        return reason == null ? "" : reason;
    }

    /** The reason in these bytes; allocates nothing if it is the usual one. */
    static String of(int status, byte[] bytes, int at, int end) {
        String usual = REASONS[status];
        if (usual != null && usual.length() == end - at && isSame(usual, bytes, at)) {
            return usual;
        }
        return new String(bytes, at, end - at, StandardCharsets.ISO_8859_1);
    }

    private static boolean isSame(String text, byte[] bytes, int at) {
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) != bytes[at + i]) {
                return false;
            }
        }
        return true;
    }

    /** The status line with this reason; cached if it is the usual one. */
    static byte[] line(int status, String reason) {
        byte[] usual = LINES[status];
        String said = REASONS[status];
        if (usual != null && reason.equals(said)) {
            return usual;
        }
        return ("HTTP/1.1 " + status + " " + reason + "\r\n").getBytes(StandardCharsets.ISO_8859_1);
    }
}
