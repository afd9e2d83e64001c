package rill.examples.sim;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import rill.transport.sim.Simulation;

/** Compares docs/simulation.md with the scenario that it shows. */
class GuideTest {
    private static final Pattern BLOCK = Pattern.compile("```java\n(.*?)\n```", Pattern.DOTALL);

    private final String guide = read("docs/simulation.md");

    private static String read(String file) {
        try {
            return Files.readString(Path.of("..", file));
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @Test
    void the_first_code_block_is_a_piece_of_the_scenario() {
        String block = BLOCK.matcher(guide).results().findFirst().orElseThrow().group(1);
        assertThat(read("examples/src/main/java/rill/examples/sim/Deposits.java"))
                .contains(block);
    }

    @Test
    void the_whole_service_is_a_piece_of_its_scenario() {
        String scenario = read("examples/src/main/java/rill/examples/sim/Notes.java");
        assertThat(BLOCK.matcher(guide).results().map(each -> each.group(1)))
                .filteredOn(block -> block.contains("NoteService"))
                .singleElement()
                .asString()
                .isSubstringOf(scenario);
    }

    @Test
    void the_first_seed_that_fails_is_the_one_in_the_guide() throws Exception {
        long seed = 1;
        AssertionError failure = run(seed);
        while (failure == null) {
            failure = run(++seed);
        }
        assertThat(guide).contains("seed " + seed + " failed: " + failure + "\n");
        assertThat(guide).contains("-Drill.seed=" + seed + "\n", "./rill sim deposits --seed " + seed + " --picture");
    }

    private static @Nullable AssertionError run(long seed) throws Exception {
        try (var simulation = Simulation.seed(seed)) {
            new Deposits().run(simulation);
            return null;
        } catch (AssertionError failure) {
            return failure;
        }
    }

    @Test
    void the_project_of_the_guide_uses_the_versions_of_this_one() {
        String build = read("pom.xml");
        for (String version : List.of("0.1.0-SNAPSHOT", "6.1.3", "3.14.1", "3.5.4")) {
            assertThat(guide).contains("<version>" + version + "</version>");
            assertThat(build).contains(">" + version + "<");
        }
    }
}
