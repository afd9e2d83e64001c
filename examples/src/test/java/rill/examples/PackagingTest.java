package rill.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Objects;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Compares what is packaged with what exists. */
class PackagingTest {
    private static final Path ROOT = Path.of("..");

    private static List<String> libraries() throws IOException {
        var list = Pattern.compile("^readonly LIBRARIES=\\(([^)]*)\\)", Pattern.MULTILINE)
                .matcher(Files.readString(ROOT.resolve("rill")));
        assertThat(list.find()).isTrue();
        return Arrays.asList(list.group(1).split(" "));
    }

    private static List<String> modules() throws IOException {
        return found("<module>([a-z-]+)</module>", ROOT.resolve("pom.xml")).toList();
    }

    private static Stream<String> found(String pattern, Path file) throws IOException {
        return Pattern.compile(pattern)
                .matcher(Files.readString(file))
                .results()
                .map((MatchResult each) -> Objects.requireNonNull(each.group(1)));
    }

    @Test
    void the_bom_names_every_library_and_nothing_else() throws IOException {
        Path bom = ROOT.resolve("bom").resolve("pom.xml");
        assertThat(found("<artifactId>rill-([a-z-]+)</artifactId>", bom))
                .filteredOn(each -> !each.equals("bom"))
                .containsExactlyInAnyOrderElementsOf(libraries());
        assertThat(found("<version>(\\$\\{project\\.version})</version>", bom)).hasSameSizeAs(libraries());
    }

    @Test
    void the_bom_brings_nothing_that_the_build_manages_and_has_its_version() throws IOException {
        Path bom = ROOT.resolve("bom").resolve("pom.xml");
        assertThat(Files.readString(bom)).doesNotContain("<parent>");
        String version = "<version>(\\d[^<]*)</version>";
        assertThat(found(version, bom).findFirst())
                .isEqualTo(found(version, ROOT.resolve("pom.xml")).findFirst());
    }

    @Test
    void the_parent_has_the_version_of_every_library() throws IOException {
        assertThat(found("<artifactId>rill-([a-z-]+)</artifactId>", ROOT.resolve("pom.xml")))
                .containsAll(libraries());
    }

    @Test
    void a_version_that_several_modules_need_is_stated_by_the_parent() throws IOException {
        var modules = new HashMap<String, List<String>>();
        for (String module : modules()) {
            found("<version>\\$\\{([a-z.]+)}</version>", ROOT.resolve(module).resolve("pom.xml"))
                    .distinct()
                    .forEach(each -> modules.computeIfAbsent(each, version -> new ArrayList<>())
                            .add(module));
        }
        assertThat(modules)
                .isNotEmpty()
                .allSatisfy((version, all) -> assertThat(all).as(version).hasSize(1));
    }

    @Test
    void the_bom_has_no_parent_but_the_same_plugins() throws IOException {
        assertThat(plugins(ROOT.resolve("bom").resolve("pom.xml")))
                .isNotEmpty()
                .isSubsetOf(plugins(ROOT.resolve("pom.xml")).toList());
    }

    private static Stream<String> plugins(Path pom) throws IOException {
        return found("<artifactId>([a-z-]+-plugin</artifactId>\\s*<version>[^<]*)</version>", pom)
                .map(each -> each.replaceAll("\\s", ""));
    }

    @Test
    void every_module_of_the_build_is_a_library_a_program_or_the_bom_or_tries_them() throws IOException {
        assertThat(modules())
                .filteredOn(each -> !List.of("bom", "examples", "benchmarks", "fuzz", "stress", "mutants")
                        .contains(each))
                .containsExactlyInAnyOrderElementsOf(libraries());
    }

    @Test
    void every_artifact_says_what_it_is_and_the_bom_what_its_licence_is() throws IOException {
        for (String each : Stream.concat(Stream.of("."), modules().stream()).toList()) {
            Path pom = ROOT.resolve(each).resolve("pom.xml");
            assertThat(found("\n  <(name>Rill[^<]*)</name>", pom)).as(each).hasSize(1);
            assertThat(found("\n  <(description>[^<]+)</description>", pom))
                    .as(each)
                    .hasSize(1);
        }
        String licence = "(?s)(<license>.*</license>)";
        assertThat(found(licence, ROOT.resolve("bom").resolve("pom.xml")).toList())
                .hasSize(1)
                .isEqualTo(found(licence, ROOT.resolve("pom.xml")).toList());
    }

    @Test
    void every_library_has_a_descriptor_and_says_what_others_can_use_of_it() throws IOException {
        for (String each : libraries()) {
            Path descriptor = ROOT.resolve(each).resolve("src/main/java/module-info.java");
            assertThat(descriptor).exists();
            String name = found("module (rill[a-z.]+)", descriptor).findFirst().orElseThrow();
            assertThat(ROOT.resolve("api").resolve(name + ".api")).exists();
        }
    }
}
