package rill.http;

import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import rill.http.wire.HttpFields;

/**
 * Decides whether an answer is sent as gzip: if it is text, not small, complete, and not yet encoded, and the client accepts gzip.
 *
 * <p><b>Source:</b> RFC 9110, 8.4, 12.5.3 and 12.5.5.
 */
final class Compression {
    /** No compression. */
    static final int OFF = -1;

    /** Up to this many bytes are compressed at once, and larger bodies in pieces of this size, so that no other connection waits for long. */
    private static final int AT_ONCE = 32 * 1024;

    /** Digests of the original bytes, which would not match encoded ones. */
    private static final List<String> DIGESTS = List.of("content-digest", "repr-digest", "digest", "content-md5");

    private Compression() {}

    /** Whether a response may be encoded, depending on the client. */
    static boolean suits(int least, int status, HttpFields fields, long length) {
        return least >= 0
                && status != 204
                && status != 206
                && status != 304
                && (length < 0 ? length == HttpBody.UNKNOWN : length > 0 && length >= least)
                && !fields.contains("content-encoding")
                && !fields.contains("content-range")
                && fields.all("cache-control").stream()
                        .noneMatch(each -> each.toLowerCase(Locale.ROOT).contains("no-transform"))
                && DIGESTS.stream().noneMatch(fields::contains)
                && isText(fields.get("content-type"));
    }

    private static boolean isText(@Nullable String contentType) {
        if (contentType == null) {
            return false;
        }
        String type = contentType.split(";", 2)[0].trim().toLowerCase(Locale.ROOT);
        return type.startsWith("text/")
                || type.endsWith("+json")
                || type.endsWith("+xml")
                || type.equals("application/json")
                || type.equals("application/xml")
                || type.equals("application/javascript")
                || type.equals("application/wasm");
    }

    /** Whether the client accepts gzip, and does not prefer the original. */
    static boolean isTaken(HttpFields request) {
        double gzip = -1;
        double any = -1;
        double identity = -1;
        for (String field : request.all("accept-encoding")) {
            for (String each : field.split(",", -1)) {
                String[] parts = each.split(";", -1);
                double quality = quality(parts);
                switch (parts[0].trim().toLowerCase(Locale.ROOT)) {
                    case "gzip", "x-gzip" -> gzip = Math.max(gzip, quality);
                    case "*" -> any = quality;
                    case "identity" -> identity = quality;
                    default -> {}
                }
            }
        }
        double of = gzip >= 0 ? gzip : any;
        return of > 0 && of >= identity;
    }

    /** 0 for a malformed quality: the client may not understand the encoding. */
    private static double quality(String[] parts) {
        for (int i = 1; i < parts.length; i++) {
            String parameter = parts[i].trim().toLowerCase(Locale.ROOT);
            if (parameter.startsWith("q=")) {
                String number = parameter.substring(2);
                return number.matches("0(\\.[0-9]{0,3})?|1(\\.0{0,3})?") ? Double.parseDouble(number) : 0;
            }
        }
        return 1;
    }

    /** The fields of a response with two forms. */
    static HttpFields varying(HttpFields fields) {
        for (String field : fields.all("vary")) {
            for (String each : field.split(",", -1)) {
                String name = each.trim();
                if (name.equals("*") || name.equalsIgnoreCase("accept-encoding")) {
                    return fields;
                }
            }
        }
        return fields.add("Vary", "Accept-Encoding");
    }

    /** The fields of the encoded form. Since its bytes differ, a strong ETag becomes a weak one, and ranges are not accepted. */
    static HttpFields encoded(HttpFields fields) {
        HttpFields all = varying(fields).with("Content-Encoding", "gzip").without("content-length");
        all = weak(all);
        return all.contains("accept-ranges") ? all.with("Accept-Ranges", "none") : all;
    }

    private static HttpFields weak(HttpFields fields) {
        String tag = fields.get("etag");
        return tag == null || tag.startsWith("W/") ? fields : fields.with("ETag", "W/" + tag);
    }

    /** The fields of a response whose body is no longer encoded: those that describe the encoded bytes are gone, and a strong ETag becomes a weak one. */
    static HttpFields decoded(HttpFields fields) {
        HttpFields all =
                fields.without("content-encoding").without("content-length").without("accept-ranges");
        for (String digest : DIGESTS) {
            all = all.without(digest);
        }
        return weak(all);
    }

    /** The encoded form of a body. */
    static HttpBody encoded(HttpBody body) {
        if (body instanceof BytesBody bytes) {
            return bytes.length() <= AT_ONCE
                    ? HttpBody.of(Gzip.of(bytes.array()))
                    : HttpBody.stream(new Gzip(HttpBody.stream(new Slices(bytes.array(), AT_ONCE))));
        }
        return HttpBody.stream(new Gzip(body));
    }
}
