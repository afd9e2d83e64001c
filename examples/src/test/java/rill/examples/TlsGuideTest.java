package rill.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Compares docs/tls.md with the code that it shows. */
class TlsGuideTest {
    private static final Pattern BLOCK = Pattern.compile("```java\n(.*?)\n```", Pattern.DOTALL);
    private static final Path SOURCES = Path.of("src/main/java/rill/examples");

    @Test
    void every_code_block_of_the_guide_is_a_piece_of_an_example() throws IOException {
        String sources =
                Files.readString(SOURCES.resolve("TlsDemo.java")) + Files.readString(SOURCES.resolve("StartTls.java"));
        List<String> blocks = BLOCK.matcher(Files.readString(Path.of("../docs/tls.md")))
                .results()
                .map(found -> found.group(1))
                .toList();
        assertThat(blocks).hasSize(4).allSatisfy(block -> assertThat(sources).contains(block));
    }
}
