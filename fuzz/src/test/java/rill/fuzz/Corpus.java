package rill.fuzz;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;

/**
 * The inputs of a target that are worth trying each time. Each is a line of text, so that it can be read in a review. Bytes that are not visible are
 * written {@code \r}, {@code \n}, {@code \t} and {@code \x00}, and a backslash {@code \\}.
 */
final class Corpus {
    private Corpus() {}

    static List<byte[]> of(Target target) {
        String resource = target.name() + ".txt";
        try (InputStream in = Corpus.class.getResourceAsStream(resource)) {
            if (in == null) {
                throw new IllegalStateException("a target without a corpus: " + resource);
            }
            return new String(in.readAllBytes(), StandardCharsets.US_ASCII)
                    .lines()
                    .map(Corpus::parse)
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static byte[] parse(String line) {
        var bytes = new ByteArrayOutputStream();
        for (int i = 0; i < line.length(); i++) {
            char c = line.charAt(i);
            if (c != '\\') {
                bytes.write(c);
                continue;
            }
            i++;
            switch (line.charAt(i)) {
                case 'r' -> bytes.write('\r');
                case 'n' -> bytes.write('\n');
                case 't' -> bytes.write('\t');
                case '\\' -> bytes.write('\\');
                case 'x' -> {
                    bytes.write(HexFormat.fromHexDigits(line, i + 1, i + 3));
                    i += 2;
                }
                default -> throw new IllegalArgumentException("no such escape, at " + i + " of " + line);
            }
        }
        return bytes.toByteArray();
    }

    static String format(byte[] bytes) {
        var line = new StringBuilder();
        for (byte b : bytes) {
            switch (b) {
                case '\r' -> line.append("\\r");
                case '\n' -> line.append("\\n");
                case '\t' -> line.append("\\t");
                case '\\' -> line.append("\\\\");
                default -> {
                    if (b >= ' ' && b < 0x7F) {
                        line.append((char) b);
                    } else {
                        line.append("\\x").append(HexFormat.of().toHexDigits(b));
                    }
                }
            }
        }
        return line.toString();
    }
}
