package rill.codec.proxy;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.net.ConnectException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashSet;
import java.util.Set;
import rill.Context;
import rill.Outgoing;

/**
 * Asks an HTTP proxy to connect to a target. Each arrow is a line that the proxy sends.
 *
 * <pre>
 *   opened ── we send the request ──▶ STATUS_LINE ── HTTP/1.x code reason ──▶ FIELDS ── name: value ──┐
 *                                          ▲                                   │  ▲───────────────────┘
 *                                          └── empty, after 1xx but 101 ───────┤
 *                                              empty, after 2xx ──▶ passing on │
 *                                              empty, after others ──▶ refused ┘
 * </pre>
 *
 * <p>Everything else ends the connection. Fields of a 2xx that describe content have no meaning: RFC 9110, 9.3.6.
 */
final class HttpConnectSession extends Tunnel {
    private enum State {
        STATUS_LINE,
        FIELDS
    }

    private static final int LONGEST_HEAD = 8 * 1024;
    private static final String VERSION = "HTTP/1.";
    private static final int CODE_AT = VERSION.length() + 2; // after a digit and a space
    private static final int CODE_END = CODE_AT + 3;
    private static final int SWITCHING_PROTOCOLS = 101;
    private static final int UNAUTHORIZED = 401; // not for proxies, yet tinyproxy's answer to a wrong password
    private static final int FORBIDDEN = 403;
    private static final int METHOD_NOT_ALLOWED = 405;
    private static final int HTTPS = 443;
    private static final int PROXY_AUTHENTICATION_REQUIRED = 407;
    private static final int BAD_GATEWAY = 502;
    private static final int GATEWAY_TIMEOUT = 504;
    private static final String CHALLENGE = "Proxy-Authenticate";
    private static final String SEPARATORS = "!#$%&'*+-.^_`|~"; // that a token may have beside letters and digits
    private static final int DELETE = 0x7F;

    private final HttpConnect spec;
    private State state = State.STATUS_LINE;
    private int taken; // bytes of the head in the lines before the current one
    private int scanned; // bytes of the current line that were already scanned
    private int code;
    private String statusLine = "";
    private Set<String> schemes = Set.of(); // the authentication schemes that the proxy accepts

    HttpConnectSession(HttpConnect spec, Destination destination) {
        super(spec, destination);
        this.spec = spec;
    }

    @Override
    void begin(Outgoing out) {
        String authorization =
                spec.credentials == null ? "" : "Proxy-Authorization: Basic " + spec.credentials + "\r\n";
        String request =
                "CONNECT " + destination + " HTTP/1.1\r\nHost: " + destination + "\r\n" + authorization + "\r\n";
        out.buffer(request.length()).writeCharSequence(request, StandardCharsets.US_ASCII);
    }

    // ---- lines

    @Override
    boolean settle(ByteBuf in, Context context) throws IOException {
        int start = in.readerIndex();
        int size = findLine(in, start);
        if (size < 0) {
            return false;
        }
        String line = in.toString(start, size, StandardCharsets.ISO_8859_1);
        switch (state) {
            case STATUS_LINE -> status(line);
            case FIELDS -> field(line, context);
        }
        in.skipBytes(size + 2);
        taken += size + 2;
        scanned = 0;
        return false;
    }

    /** The length of the line that begins there, without its CR LF; -1 if it is not complete. */
    private int findLine(ByteBuf in, int start) throws IOException {
        int end = in.writerIndex();
        for (int i = start + scanned; i < end; i++) {
            int at = i - start;
            if (taken + at >= LONGEST_HEAD) {
                throw violation(at, "expected a head of at most " + LONGEST_HEAD + " bytes");
            }
            byte b = in.getByte(i);
            if (at > 0 && in.getByte(i - 1) == '\r') {
                if (b != '\n') {
                    throw violation(at, "expected LF after CR " + where(at) + ", found " + Wording.show(b));
                }
                return at - 1;
            }
            if (b == '\n') {
                throw violation(at, "expected CR before LF " + where(at));
            }
            if ((b >= 0 && b < ' ' && b != '\t' && b != '\r') || b == DELETE) {
                throw violation(
                        at, "expected text " + where(at) + ", found " + Wording.show(b) + spokenOtherwise(at, b));
            }
        }
        scanned = end - start;
        return -1;
    }

    private String spokenOtherwise(int at, byte b) {
        return taken + at == 0 && b == 5 ? "; it seems to speak SOCKS5: try Socks5" : "";
    }

    private void status(String line) throws IOException {
        boolean wellFormed = line.length() > CODE_END
                && line.startsWith(VERSION)
                && isDigit(line.charAt(VERSION.length()))
                && line.charAt(CODE_AT - 1) == ' '
                && line.charAt(CODE_END) == ' ';
        code = wellFormed ? Literals.number(line.substring(CODE_AT, CODE_END), 599) : -1;
        if (code < 100) {
            throw violation(
                    0,
                    "expected a status line of HTTP/1, such as \"HTTP/1.1 200 OK\", found \"" + Wording.excerpt(line)
                            + "\"");
        }
        if (code == SWITCHING_PROTOCOLS) {
            throw violation(CODE_AT, "expected an answer to CONNECT, found 101, a change to another protocol");
        }
        statusLine = Wording.excerpt(line);
        state = State.FIELDS;
    }

    private void field(String line, Context context) throws IOException {
        if (line.isEmpty()) {
            headEnds(context);
            return;
        }
        int colon = 0;
        while (colon < line.length() && isInTokens(line.charAt(colon))) {
            colon++;
        }
        if (colon == 0 || colon == line.length() || line.charAt(colon) != ':') {
            throw violation(
                    colon,
                    "expected a field, as \"name: value\", in the answer " + statusLine + ", found \""
                            + Wording.excerpt(line) + "\"");
        }
        if (code == PROXY_AUTHENTICATION_REQUIRED && line.substring(0, colon).equalsIgnoreCase(CHALLENGE)) {
            noteScheme(line.substring(colon + 1).strip());
        }
    }

    private void noteScheme(String challenge) {
        int end = 0;
        while (end < challenge.length() && isInTokens(challenge.charAt(end))) {
            end++;
        }
        if (schemes.isEmpty()) {
            schemes = new LinkedHashSet<>();
        }
        schemes.add(challenge.substring(0, end));
    }

    private void headEnds(Context context) throws IOException {
        if (code < 200) {
            state = State.STATUS_LINE;
        } else if (code < 300) {
            through(context);
        } else {
            throw refusal();
        }
    }

    private ConnectException refusal() {
        String answer = "it has answered " + statusLine;
        if (code != PROXY_AUTHENTICATION_REQUIRED && code != UNAUTHORIZED) {
            return isPolicy()
                    ? refused(answer + "; many proxies let clients CONNECT to port 443 alone")
                    : refused(answer, code >= BAD_GATEWAY && code <= GATEWAY_TIMEOUT);
        }
        boolean basic = schemes.stream().anyMatch("Basic"::equalsIgnoreCase);
        if (!basic && !schemes.isEmpty()) {
            return refused(answer + "; it wants authentication of the kind " + String.join(", ", schemes)
                    + ", and there is only Basic here");
        }
        return refused(answer
                + (spec.credentials == null
                        ? "; give it a user and a password, by HttpConnect.basic"
                        : "; it does not accept the user and the password"));
    }

    /** Whether the port may be the reason: the proxy has understood the request and refuses it. */
    private boolean isPolicy() {
        return destination.port() != HTTPS && (code == FORBIDDEN || code == METHOD_NOT_ALLOWED);
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }

    private static boolean isInTokens(char c) {
        return isDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || SEPARATORS.indexOf(c) >= 0;
    }

    @Override
    String where(int bytes) {
        int came = taken + bytes;
        return came == 0 ? "before its answer" : "within its answer" + (statusLine.isEmpty() ? "" : " " + statusLine);
    }
}
