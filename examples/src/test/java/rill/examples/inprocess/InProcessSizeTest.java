package rill.examples.inprocess;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The example is as small as the guide says. */
class InProcessSizeTest {
    private static final Path FOLDER = Path.of("src/main/java/rill/examples/inprocess");

    @Test
    void the_transport_has_less_than_300_lines_of_code() throws IOException {
        try (Stream<Path> files = Files.list(FOLDER)) {
            long lines = files.toList().stream()
                    .mapToLong(InProcessSizeTest::codeLines)
                    .sum();
            assertThat(lines).isBetween(100L, 299L);
        }
    }

    /** Without imports, comments, empty lines, annotations, and lines that only close something. */
    private static long codeLines(Path file) {
        try (Stream<String> lines = Files.lines(file)) {
            return lines.map(String::strip)
                    .filter(line -> !line.matches("(import |package |//|/?\\*|@Override).*|[})]*;?"))
                    .count();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
