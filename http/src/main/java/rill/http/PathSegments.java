package rill.http;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** The parts of a path between its slashes. <b>Source:</b> RFC 3986, 2.1 and 3.3. */
final class PathSegments {
    private PathSegments() {}

    static List<String> of(String path) throws HttpRefusedException {
        if (!path.startsWith("/")) {
            throw refused("a path that begins with a slash");
        }
        if (path.equals("/")) {
            return List.of();
        }
        String inside = path.substring(1, path.endsWith("/") ? path.length() - 1 : path.length());
        var segments = new ArrayList<String>();
        for (String each : inside.split("/", -1)) {
            String segment = decoded(each);
            boolean odd = segment.isEmpty() || segment.equals(".") || segment.equals("..");
            if (odd || segment.chars().anyMatch(c -> c == '/' || c == '\\' || Character.isISOControl(c))) {
                throw refused("a path without parts that are empty, dots, or encoded slashes");
            }
            segments.add(segment);
        }
        return List.copyOf(segments);
    }

    private static String decoded(String segment) throws HttpRefusedException {
        if (segment.indexOf('%') < 0) {
            return segment;
        }
        byte[] from = segment.getBytes(StandardCharsets.UTF_8);
        var bytes = ByteBuffer.allocate(from.length);
        for (int i = 0; i < from.length; i++) {
            if (from[i] != '%') {
                bytes.put(from[i]);
                continue;
            }
            int high = i + 2 < from.length ? Character.digit(from[i + 1], 16) : -1;
            int low = i + 2 < from.length ? Character.digit(from[i + 2], 16) : -1;
            if (high < 0 || low < 0) {
                throw refused("two hexadecimal digits after each % of the path");
            }
            bytes.put((byte) (high << 4 | low));
            i += 2;
        }
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(bytes.flip()).toString();
        } catch (CharacterCodingException e) {
            throw refused("a path in UTF-8");
        }
    }

    private static HttpRefusedException refused(String expected) {
        return new HttpRefusedException(400, "expected " + expected);
    }
}
