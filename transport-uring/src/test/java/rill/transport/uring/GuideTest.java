package rill.transport.uring;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Compares the code in docs/transports.md with the tests that it comes from. */
class GuideTest {
    private static final Pattern BLOCK = Pattern.compile("```java\n(.*?)\n```", Pattern.DOTALL);

    @Test
    void every_code_block_of_the_guide_is_a_piece_of_a_test() throws IOException {
        String sources = Files.readString(Path.of("src/test/java/rill/transport/uring/DriverTest.java"));
        List<String> blocks = BLOCK.matcher(Files.readString(Path.of("../docs/transports.md")))
                .results()
                .map(found -> found.group(1))
                .toList();
        assertThat(blocks).hasSize(1).allSatisfy(block -> assertThat(sources).contains(block));
    }
}
