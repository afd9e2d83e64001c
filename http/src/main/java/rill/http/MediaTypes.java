package rill.http;

import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import rill.http.wire.HttpFields;

/** The Content-Type of a body; for a file, by its name. */
final class MediaTypes {
    private static final Map<String, HttpFields> TYPES = new HashMap<>(); // by the extension of a name
    private static final Map<String, HttpFields> FIELDS = new HashMap<>(); // by the type: made once

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
            String type = line.substring(space + 1);
            TYPES.put(line.substring(0, space), FIELDS.computeIfAbsent(type, MediaTypes::made));
        });
        for (String type : List.of("text/plain", "text/html", "text/event-stream", "application/octet-stream")) {
            FIELDS.put(type, made(type));
        }
    }

    private static final Pattern PARAMETER = Pattern.compile(";\\s*([^\\s;=\"]++)\\s*=\\s*(\"[^\"]*+\"|[^\\s;\"]*+)");

    private MediaTypes() {}

    private static HttpFields made(String type) {
        return HttpFields.of("Content-Type", type);
    }

    /** The field for this type. */
    static HttpFields of(String type) {
        HttpFields known = FIELDS.get(type);
        return known == null ? made(type) : known;
    }

    /** Whether a Content-Type is of this type, whatever its parameters. */
    static boolean is(String type, @Nullable String said) {
        return said != null && said.split(";", 2)[0].trim().equalsIgnoreCase(type);
    }

    /** The charset of a Content-Type; UTF-8 if it names none, or an unknown one. */
    static Charset charset(@Nullable String said) {
        Matcher parameters = PARAMETER.matcher(said == null ? "" : said);
        while (parameters.find()) {
            if (parameters.group(1).equalsIgnoreCase("charset")) {
                try {
                    return Charset.forName(unquoted(parameters.group(2)));
                } catch (IllegalArgumentException unknown) {
                    break;
                }
            }
        }
        return StandardCharsets.UTF_8;
    }

    static String unquoted(String value) {
        return value.length() > 1 && value.startsWith("\"") && value.endsWith("\"")
                ? value.substring(1, value.length() - 1)
                : value;
    }

    /** The field for a file. */
    static HttpFields of(Path file) {
        Path name = file.getFileName();
        String text = name == null ? "" : name.toString();
        String ending = text.substring(text.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
        HttpFields known = TYPES.get(ending);
        return known == null ? of("application/octet-stream") : known;
    }
}
