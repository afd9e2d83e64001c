package rill.examples;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import rill.examples.HttpOracle.Case;

/** Random requests and responses, and mutations of them. */
final class HttpCases {
    private static final List<String> METHODS = List.of("GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH");
    private static final List<String> FIELDS = List.of(
            "X-Own: some value",
            "Accept: */*",
            "Connection: keep-alive",
            "Connection: close",
            "Cookie: a=b; c=d",
            "Content-Length: 5",
            "Content-Length: 0",
            "Transfer-Encoding: chunked",
            "Transfer-Encoding: gzip, chunked",
            "Transfer-Encoding: identity",
            "Host: b",
            "Expect: 100-continue",
            "x-empty:",
            "X-Blank:  \t a b\t ");
    private static final List<String> INSERTED = List.of(
            "\r", "\n", "\r\n", " ", "\t", "\0", "\u0001", "\u007f", "\u00e4", ":", ";", ",", "0", "5", "x", "+", "-",
            "\"", "#");

    private final Random random;

    HttpCases(long seed) {
        random = new Random(seed);
    }

    List<Case> draw(int count) {
        var cases = new ArrayList<Case>();
        for (int i = 0; i < count; i++) {
            boolean request = random.nextInt(3) > 0;
            String text = request ? request() + (random.nextInt(4) == 0 ? request() : "") : response();
            int changes = random.nextInt(4);
            for (int j = 0; j < changes; j++) {
                text = changed(text);
            }
            cases.add(new Case(request, text.getBytes(StandardCharsets.ISO_8859_1)));
        }
        return cases;
    }

    private String oneOf(List<String> list) {
        return list.get(random.nextInt(list.size()));
    }

    private String request() {
        String method = oneOf(METHODS);
        String target = oneOf(List.of("/", "/a", "/a/b?c=d&e=%20", "http://a/b", "*".equals(method) ? "*" : "/x"));
        String version = random.nextInt(8) == 0 ? "HTTP/1.0" : "HTTP/1.1";
        return method + " " + target + " " + version + "\r\nHost: a\r\n" + fieldsAndBody();
    }

    private String response() {
        String status =
                oneOf(List.of("200 OK", "404 Not Found", "204 No Content", "304 Not Modified", "500 Oh no", "299 "));
        String interim = random.nextInt(6) == 0 ? "HTTP/1.1 100 Continue\r\n\r\n" : "";
        String version = random.nextInt(8) == 0 ? "HTTP/1.0" : "HTTP/1.1";
        return interim + version + " " + status + "\r\n" + fieldsAndBody();
    }

    private String fieldsAndBody() {
        var text = new StringBuilder();
        int others = random.nextInt(3);
        for (int i = 0; i < others; i++) {
            text.append(oneOf(FIELDS)).append("\r\n");
        }
        return switch (random.nextInt(3)) {
            case 0 -> text + "\r\n";
            case 1 -> text + "Content-Length: 5\r\n\r\nhello";
            default -> text + "Transfer-Encoding: chunked\r\n\r\n" + chunks();
        };
    }

    private String chunks() {
        var text = new StringBuilder();
        int count = random.nextInt(3);
        for (int i = 0; i < count; i++) {
            text.append(oneOf(List.of("5\r\nhello\r\n", "A\r\n0123456789\r\n", "1;a=b\r\nx\r\n", "002\r\nab\r\n")));
        }
        return text.append("0\r\n")
                .append(random.nextInt(3) == 0 ? "X-Sum: 1\r\n" : "")
                .append("\r\n")
                .toString();
    }

    private String changed(String text) {
        int at = random.nextInt(text.length() + 1);
        int to = Math.min(text.length(), at + 1 + random.nextInt(4));
        return switch (random.nextInt(6)) {
            case 0 -> text.substring(0, at) + text.substring(to);
            case 1, 2 -> text.substring(0, at) + oneOf(INSERTED) + text.substring(at);
            case 3 -> at == text.length() ? text : text.substring(0, at) + oneOf(INSERTED) + text.substring(at + 1);
            case 4 -> text.substring(0, at) + text.substring(at, to) + text.substring(at);
            default -> withLine(text);
        };
    }

    /** Inserts one more line after one of the lines. */
    private String withLine(String text) {
        int end = text.indexOf("\r\n", random.nextInt(text.length() + 1));
        return end < 0 ? text : text.substring(0, end + 2) + oneOf(FIELDS) + "\r\n" + text.substring(end + 2);
    }
}
