package rill.examples.codec;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Compares docs/custom-codec.md with the code that it shows. */
class CodecGuideTest {
    private static final Pattern BLOCK = Pattern.compile("```java\n(.*?)\n```", Pattern.DOTALL);

    @Test
    void every_code_block_of_the_guide_is_a_piece_of_an_example() throws IOException {
        Path folder = Path.of("src/main/java/rill/examples/codec");
        String sources =
                Files.readString(folder.resolve("Heartbeat.java")) + Files.readString(folder.resolve("Deflated.java"));
        List<String> blocks = BLOCK.matcher(Files.readString(Path.of("../docs/custom-codec.md")))
                .results()
                .map(found -> found.group(1))
                .toList();
        assertThat(blocks).hasSize(3).allSatisfy(block -> assertThat(sources).contains(block));
    }
}
