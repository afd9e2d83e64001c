package rill.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The harness as users call it, with runs that are too short to mean anything. */
final class MainTest {
    @TempDir
    private Path folder;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(String... arguments) {
        return Main.execute(new PrintWriter(out), new PrintWriter(err), arguments);
    }

    /** Runs one very short round of these benchmarks and returns the report. */
    private JsonNode report(String... names) throws IOException {
        List<String> arguments = new ArrayList<>(
                List.of("--quick", "--pairs", "1", "--seconds", "0.1", "--warm-up", "0.1", "--out", folder.toString()));
        arguments.addAll(List.of(names));
        assertThat(run(arguments.toArray(String[]::new))).as(err.toString()).isZero();
        return new ObjectMapper().readTree(folder.resolve("report.json").toFile());
    }

    @Test
    void the_list_names_every_benchmark() {
        assertThat(run("list")).isZero();
        assertThat(out.toString().lines())
                .hasSize(Benchmarks.all().size())
                .anySatisfy(line -> assertThat(line).startsWith("echo "));
    }

    @Test
    void an_unknown_name_is_the_users_mistake() {
        assertThat(run("nonsense")).isEqualTo(2);
        assertThat(err.toString()).contains("there is no benchmark called nonsense, only echo, latency");
    }

    @Test
    void every_contestant_is_in_the_report_measured_or_left_out_with_a_reason() throws IOException {
        JsonNode report = report("jars");
        List<String> named = new ArrayList<>();
        report.path("leftOut").forEach(each -> {
            assertThat(each.path("reason").asText()).isNotBlank();
            named.add(each.path("what").asText());
        });
        report.path("sections")
                .path(0)
                .path("cases")
                .path(0)
                .path("entries")
                .forEach(each -> named.add("jars: " + each.path("name").asText()));
        assertThat(named).contains("jars: rill-nio", "jars: rill-epoll", "jars: netty-nio", "jars: netty-epoll");
        assertThat(report.path("machine").path("java").asText()).isNotBlank();
    }

    @Test
    void the_page_needs_nothing_from_elsewhere() throws IOException {
        report("jars");
        assertThat(Files.readString(folder.resolve("report.html")))
                .contains("<style>")
                .contains("name=\"viewport\"")
                .doesNotContain("http:", "https:", "src=", "<link", "<script", "@import", "url(");
    }

    @Test
    @Tag("slow")
    void contestants_are_measured_and_compared() throws IOException {
        assumeThat(Machine.look().whyNoProcesses().or(Tools::whyNoCompiler))
                .as("whole processes can be measured")
                .isEmpty();
        JsonNode churn = report("churn").path("sections").path(0).path("cases").path(0);
        assertThat(churn.path("entries"))
                .hasSizeGreaterThan(3)
                .allSatisfy(each -> assertThat(each.path("medians")
                                .path("connections")
                                .path("value")
                                .asDouble())
                        .isPositive());
        assertThat(churn.path("comparisons"))
                .isNotEmpty()
                .allSatisfy(each -> assertThat(each.path("verdict").asText()).isEqualTo("too few pairs"));
        assertThat(Files.readString(folder.resolve("report.html")))
                .contains("rill-nio, as a multiple of", "class=\"bar ours\"", "too few for any verdict");
    }
}
