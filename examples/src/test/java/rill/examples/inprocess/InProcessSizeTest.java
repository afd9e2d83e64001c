package rill.examples.inprocess;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The examples are as small as their descriptions say. */
class InProcessSizeTest {
    private static final Path FOLDER = Path.of("src/main/java/rill/examples");

    @Test
    void the_transports_have_less_than_400_lines_of_code_each() throws IOException {
        for (String example : new String[] {"inprocess", "poll"}) {
            try (Stream<Path> files = Files.list(FOLDER.resolve(example))) {
                long lines = files.toList().stream()
                        .mapToLong(InProcessSizeTest::codeLines)
                        .sum();
                assertThat(lines).as(example).isBetween(100L, 399L);
            }
        }
    }

    /** Counts lines without imports, comments, empty lines, annotations, and lines that only close something. */
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
