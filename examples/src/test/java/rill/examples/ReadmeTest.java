package rill.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class ReadmeTest {
    private static final Path ROOT = Path.of("..");
    private static final Pattern BLOCK = Pattern.compile("```java\n(.*?)\n```", Pattern.DOTALL);
    private static final Pattern REGION = Pattern.compile(
            "^ *// README: (\\w+) begin\n(.*?)\n *// README: \\1 end$", Pattern.DOTALL | Pattern.MULTILINE);

    @Test
    void every_code_block_of_the_readme_is_a_region_of_an_example_and_the_other_way_round() throws IOException {
        List<String> blocks = BLOCK.matcher(Files.readString(ROOT.resolve("README.md")))
                .results()
                .map(found -> found.group(1).strip())
                .toList();
        assertThat(blocks).isNotEmpty().containsExactlyInAnyOrderElementsOf(regions());
    }

    private static List<String> regions() throws IOException {
        try (var files = Files.walk(ROOT.resolve("examples/src/main/java"))) {
            return files.filter(file -> file.toString().endsWith(".java"))
                    .flatMap(file -> regionsOf(file).stream())
                    .toList();
        }
    }

    private static List<String> regionsOf(Path file) {
        try {
            Matcher matcher = REGION.matcher(Files.readString(file));
            return matcher.results()
                    .map(found -> found.group(2).stripIndent().strip())
                    .toList();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
