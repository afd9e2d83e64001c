package rill.examples.inprocess;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Compares docs/custom-transport.md with the code that it shows. */
class GuideTest {
    private static final Pattern BLOCK = Pattern.compile("```java\n(.*?)\n```", Pattern.DOTALL);
    private static final List<Path> SHOWN = List.of(
            Path.of("src/main/java/rill/examples/inprocess"),
            Path.of("src/test/java/rill/examples/inprocess"),
            Path.of("src/main/java/rill/examples/poll"),
            Path.of("src/test/java/rill/examples/poll"),
            Path.of("../core/src/main/java/rill/spi/readiness"));

    @Test
    void every_code_block_of_the_guide_is_a_piece_of_the_example() throws IOException {
        List<String> sources = SHOWN.stream().flatMap(GuideTest::sources).toList();
        List<String> blocks = BLOCK.matcher(Files.readString(Path.of("../docs/custom-transport.md")))
                .results()
                .map(found -> found.group(1))
                .toList();
        assertThat(blocks).hasSizeGreaterThan(3);
        assertThat(blocks).allSatisfy(block -> assertThat(sources).anyMatch(source -> source.contains(block)));
    }

    @Test
    void the_project_of_the_guide_uses_the_versions_of_this_one() throws IOException {
        String guide = Files.readString(Path.of("../docs/custom-transport.md"));
        String build = Files.readString(Path.of("../pom.xml"));
        for (String version : List.of("0.1.0-SNAPSHOT", "6.1.3", "3.14.1", "3.5.4")) {
            assertThat(guide).contains("<version>" + version + "</version>");
            assertThat(build).contains(">" + version + "<");
        }
    }

    private static Stream<String> sources(Path folder) {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(GuideTest::read).toList().stream();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
