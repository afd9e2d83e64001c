package rill.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Compares docs/faults.md with the sources of the tests. */
class FaultsTableTest {
    /** The declarations of tests, and of what generates several. */
    private static final List<String> KINDS = List.of("void ", "Stream<DynamicTest> ");

    private static final Path ROOT = Path.of("..");
    private static final Pattern NAME = Pattern.compile("`(\\w+)\\.(\\w+)`");
    private static final Pattern NAMES = Pattern.compile(NAME + "(, " + NAME + ")*");

    /** A row of a table. */
    private record Row(String section, String fault, String tests) {}

    @Test
    void every_section_has_rows_and_every_row_names_tests() throws IOException {
        List<Row> rows = rows();
        assertThat(rows.stream().map(Row::section).distinct())
                .containsSubsequence("Peer", "Kernel", "Caller", "Time", "Framing", "RESP");
        assertThat(rows).allSatisfy(row -> {
            assertThat(row.fault).as("the fault in %s", row).isNotBlank();
            assertThat(row.tests).as("tests of %s", row).matches(NAMES);
        });
    }

    @Test
    void every_test_that_the_page_names_exists() throws IOException {
        Map<String, String> sources = testSources();
        var missing = new ArrayList<String>();
        int named = 0;
        for (Row row : rows()) {
            for (var name : NAME.matcher(row.tests).results().toList()) {
                named++;
                String source = sources.getOrDefault(name.group(1), "");
                if (KINDS.stream().noneMatch(kind -> source.contains(kind + name.group(2) + "("))) {
                    missing.add(name.group());
                }
            }
        }
        assertThat(named).isPositive();
        assertThat(missing).isEmpty();
    }

    @Test
    void a_fault_stands_in_its_section_once() throws IOException {
        assertThat(rows().stream().map(row -> row.section + ": " + row.fault)).doesNotHaveDuplicates();
    }

    private static List<Row> rows() throws IOException {
        var rows = new ArrayList<Row>();
        String section = "";
        for (String line : Files.readAllLines(ROOT.resolve("docs/faults.md"))) {
            if (line.startsWith("## ")) {
                section = line.substring(3);
            } else if (line.startsWith("|") && !line.startsWith("| fault |") && !line.startsWith("|--")) {
                String[] cells = line.split("\\|", -1);
                assertThat(cells).as("cells between bars in: " + line).hasSize(4);
                rows.add(new Row(section, cells[1].strip(), cells[2].strip()));
            }
        }
        return rows;
    }

    /** The test sources by simple class name, including the suite for transports; classes of the same name are joined. */
    private static Map<String, String> testSources() throws IOException {
        try (Stream<Path> modules = Files.list(ROOT)) {
            return modules.flatMap(module ->
                            Stream.of(module.resolve("src/test/java"), module.resolve("src/main/java/rill/testkit")))
                    .filter(Files::isDirectory)
                    .flatMap(FaultsTableTest::javaFiles)
                    .collect(Collectors.toMap(
                            file -> file.getFileName().toString().replace(".java", ""),
                            FaultsTableTest::read,
                            String::concat));
        }
    }

    private static Stream<Path> javaFiles(Path folder) {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(file -> file.toString().endsWith(".java")).toList().stream();
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
