package rill.http;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import rill.http.wire.HttpFields;

/** What the names of files tell of what is in them. */
final class MediaTypes {
    private static final Map<String, HttpFields> TYPES = new HashMap<>();
    private static final HttpFields BYTES = HttpFields.of("Content-Type", "application/octet-stream");

    static {
        String all = """
                html text/html; charset=utf-8
                htm text/html; charset=utf-8
                css text/css; charset=utf-8
                js text/javascript; charset=utf-8
                mjs text/javascript; charset=utf-8
                txt text/plain; charset=utf-8
                md text/markdown; charset=utf-8
                csv text/csv; charset=utf-8
                json application/json
                xml application/xml
                pdf application/pdf
                zip application/zip
                gz application/gzip
                wasm application/wasm
                png image/png
                jpg image/jpeg
                jpeg image/jpeg
                gif image/gif
                svg image/svg+xml
                webp image/webp
                ico image/x-icon
                mp3 audio/mpeg
                mp4 video/mp4
                webm video/webm
                woff2 font/woff2
                """;
        all.lines().forEach(line -> {
            int space = line.indexOf(' ');
            TYPES.put(line.substring(0, space), HttpFields.of("Content-Type", line.substring(space + 1)));
        });
    }

    private MediaTypes() {}

    /** The field that says it. */
    static HttpFields of(Path file) {
        Path name = file.getFileName();
        String text = name == null ? "" : name.toString();
        String ending = text.substring(text.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
        return TYPES.getOrDefault(ending, BYTES);
    }
}
