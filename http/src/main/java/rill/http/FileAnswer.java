package rill.http;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import rill.http.wire.HttpFields;

/**
 * What is answered where a file is asked for: all of it, a part of it, or that the client has it already.
 *
 * @param part of the body to be sent, or null for all or nothing
 * @param sendsBody whether there is one
 */
record FileAnswer(int status, HttpFields fields, @Nullable Part part, boolean sendsBody) {
    /** A part of a file. */
    record Part(long from, long length) {}

    private static final String UNIT = "bytes=";
    private static final int DIGITS = 18;

    /** For a file that is open. <b>Source:</b> RFC 9110, sections 13 and 14. */
    static FileAnswer of(HttpRequest request, HttpResponse response, FileBody file) {
        boolean reads = request.method().equals("GET") || request.method().equals("HEAD");
        if (!reads || response.status() != 200) {
            return new FileAnswer(response.status(), response.fields(), null, true);
        }
        String tag = "\"" + Long.toHexString(file.modifiedSeconds()) + "-" + Long.toHexString(file.length()) + "\"";
        String modified = HttpDates.format(Instant.ofEpochSecond(file.modifiedSeconds()));
        HttpFields fields = response.fields()
                .add("ETag", tag)
                .add("Last-Modified", modified)
                .add("Accept-Ranges", "bytes");
        if (hasAlready(request, tag, file.modifiedSeconds())) {
            return new FileAnswer(304, fields.without("content-type"), null, false);
        }
        String range = request.method().equals("GET") ? request.field("range") : null;
        String condition = request.field("if-range");
        if (range == null
                || request.fields().all("range").size() > 1
                || (condition != null && !condition.equals(tag) && !condition.equals(modified))) {
            return new FileAnswer(200, fields, null, true);
        }
        return ranged(range, fields, file.length());
    }

    private static boolean hasAlready(HttpRequest request, String tag, long modifiedSeconds) {
        if (request.fields().contains("if-none-match")) {
            return request.fields().all("if-none-match").stream()
                    .flatMap(list -> java.util.Arrays.stream(list.split(",", -1)))
                    .map(String::trim)
                    .map(each -> each.startsWith("W/") ? each.substring(2) : each)
                    .anyMatch(each -> each.equals("*") || each.equals(tag));
        }
        String since = request.field("if-modified-since");
        if (since == null) {
            return false;
        }
        try {
            Instant known = Instant.from(DateTimeFormatter.RFC_1123_DATE_TIME.parse(since));
            return modifiedSeconds <= known.getEpochSecond();
        } catch (DateTimeException e) {
            return false; // whatever that is, it is no reason
        }
    }

    /** Several ranges, and what is no range of bytes, are answered with all of it, as they may be. */
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
            return new FileAnswer(200, fields, null, true); // no range at all
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
