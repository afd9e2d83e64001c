package rill.http;

import java.time.Instant;
import java.util.Locale;
import java.util.Objects;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import rill.http.wire.HttpFields;

/**
 * The answer to a request for a file: all of it, a part of it, or that the client has it already, or that the version it asked for is gone.
 *
 * @param part of the body to be sent, or null for all or nothing
 * @param sendsBody whether there is a body
 */
record FileAnswer(int status, HttpFields fields, @Nullable Part part, boolean sendsBody) {
    /** A part of a file. */
    record Part(long from, long length) {}

    private static final String UNIT = "bytes=";
    private static final int DIGITS = 18;
    private static final String WEAK = "W/";
    private static final Pattern TAG = Pattern.compile("(W/)?\"[^\"]*\"|\\*"); // a tag may contain commas

    /** The answer for an open file, at this time. <b>Source:</b> RFC 9110, sections 13 and 14. */
    static FileAnswer of(HttpRequest request, HttpResponse response, FileBody file, Instant now) {
        boolean reads = request.method().equals("GET") || request.method().equals("HEAD");
        if (!reads || response.status() != 200) {
            return new FileAnswer(response.status(), response.fields(), null, true);
        }
        Version version = Version.of(file, response.fields(), now);
        HttpFields fields = response.fields().with("ETag", version.tag).with("Last-Modified", version.modified);
        if (!fields.contains("accept-ranges")) {
            fields = fields.add("Accept-Ranges", "bytes");
        }
        if (version.isOther(request)) {
            return new FileAnswer(412, fields.without("content-type"), null, false);
        }
        if (version.isKnown(request)) {
            return new FileAnswer(304, fields.without("content-type"), null, false);
        }
        String range = request.method().equals("GET") ? request.field("range") : null;
        String condition = request.field("if-range");
        if (range == null
                || request.fields().all("range").size() > 1
                || (condition != null && !version.isExactly(condition))) {
            return new FileAnswer(200, fields, null, true);
        }
        return ranged(range, fields, file.length());
    }

    /** Identifies this version of the file: by the file's own properties, or by the handler's fields. */
    private record Version(String tag, String modified, long modifiedSeconds, Instant now) {
        static Version of(FileBody file, HttpFields said, Instant now) {
            String tag = said.get("etag");
            String modified = said.get("last-modified");
            long seconds = file.modifiedSeconds();
            return new Version(
                    tag == null ? file.tag() : tag,
                    modified == null ? HttpDates.format(Instant.ofEpochSecond(seconds)) : modified,
                    modified == null ? seconds : Objects.requireNonNullElse(secondsOf(modified, now), seconds),
                    now);
        }

        /** Whether the client asks for a version it has seen before, and this is another. <b>Source:</b> RFC 9110, 13.2.2, steps 1 and 2. */
        boolean isOther(HttpRequest request) {
            if (request.fields().contains("if-match")) {
                return tags(request, "if-match")
                        .noneMatch(each -> each.equals("*") || (isStrong() && each.equals(tag)));
            }
            Long since = secondsOf(request.field("if-unmodified-since"), now);
            return since != null && modifiedSeconds > since;
        }

        /** Whether the client already has this version. <b>Source:</b> likewise, steps 3 and 4. */
        boolean isKnown(HttpRequest request) {
            if (request.fields().contains("if-none-match")) {
                return tags(request, "if-none-match")
                        .anyMatch(each -> each.equals("*") || weak(each).equals(weak(tag)));
            }
            Long since = secondsOf(request.field("if-modified-since"), now);
            return since != null && modifiedSeconds <= since;
        }

        /** Whether the client has a part of exactly this version, byte for byte. */
        boolean isExactly(String condition) {
            return (isStrong() && condition.equals(tag)) || condition.equals(modified);
        }

        private boolean isStrong() {
            return !tag.startsWith(WEAK);
        }

        private static String weak(String tag) {
            return tag.startsWith(WEAK) ? tag.substring(WEAK.length()) : tag;
        }

        private static Stream<String> tags(HttpRequest request, String name) {
            return request.fields().all(name).stream()
                    .flatMap(list -> TAG.matcher(list).results().map(MatchResult::group));
        }

        /** Null if it is not a valid date, which is then ignored. */
        private static @Nullable Long secondsOf(@Nullable String date, Instant now) {
            Instant parsed = date == null ? null : HttpDates.parse(date, now);
            return parsed == null ? null : parsed.getEpochSecond();
        }
    }

    /** Several ranges, and invalid ones, are answered with the whole file, as the standard allows. */
    private static FileAnswer ranged(String range, HttpFields fields, long length) {
        String set = range.toLowerCase(Locale.ROOT).startsWith(UNIT)
                ? range.substring(UNIT.length()).trim()
                : "";
        int dash = set.indexOf('-');
        String first = dash < 0 ? "" : set.substring(0, dash).trim();
        String last = dash < 0 ? "" : set.substring(dash + 1).trim();
        if (dash < 0 || !isNumber(first) || !isNumber(last) || (first.isEmpty() && last.isEmpty())) {
            return new FileAnswer(200, fields, null, true);
        }
        long from = first.isEmpty() ? Math.max(0, length - Long.parseLong(last)) : Long.parseLong(first);
        long to = first.isEmpty() || last.isEmpty() ? length - 1 : Math.min(Long.parseLong(last), length - 1);
        if (!first.isEmpty() && !last.isEmpty() && Long.parseLong(last) < from) {
            return new FileAnswer(200, fields, null, true); // not a valid range
        }
        if (from >= length || to < from) {
            HttpFields none = fields.without("content-type").add("Content-Range", "bytes */" + length);
            return new FileAnswer(416, none, null, false);
        }
        HttpFields some = fields.add("Content-Range", "bytes " + from + "-" + to + "/" + length);
        return new FileAnswer(206, some, new Part(from, to - from + 1), true);
    }

    private static boolean isNumber(String text) {
        return text.length() <= DIGITS && text.chars().allMatch(c -> c >= '0' && c <= '9');
    }
}
