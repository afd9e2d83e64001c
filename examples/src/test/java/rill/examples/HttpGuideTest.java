package rill.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Compares docs/http.md with the code that it shows. */
class HttpGuideTest {
    private static final Pattern BLOCK = Pattern.compile("```java\n(.*?)\n```", Pattern.DOTALL);
    private static final Path SOURCES = Path.of("src/main/java/rill/examples");

    @Test
    void every_code_block_of_the_guide_is_a_piece_of_an_example() throws IOException {
        var sources = new StringBuilder();
        for (String each : List.of(
                "HelloServer",
                "HttpDemo",
                "HttpsDemo",
                "UploadDemo",
                "SseDemo",
                "HttpFetching",
                "ReverseProxy",
                "WebChat")) {
            sources.append(Files.readString(SOURCES.resolve(each + ".java")));
        }
        List<String> blocks = BLOCK.matcher(Files.readString(Path.of("../docs/http.md")))
                .results()
                .map(found -> found.group(1))
                .toList();
        assertThat(blocks)
                .hasSizeGreaterThanOrEqualTo(10)
                .allSatisfy(block -> assertThat(sources).contains(block));
    }
}
