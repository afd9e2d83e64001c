package rill.examples.sim;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MainTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int sim(String... arguments) {
        return Main.execute(new PrintWriter(out, true), new PrintWriter(err, true), arguments);
    }

    @Test
    void the_last_line_is_the_trace_hash_and_the_same_each_time() {
        assertThat(sim("deposits", "--seed", "2")).isZero();
        String first = out.toString();
        assertThat(first).startsWith("passed").matches("(?s).*\n[0-9a-f]{16}\n");
        assertThat(sim("deposits", "--seed", "2")).isZero();
        assertThat(out.toString()).isEqualTo(first + first);
    }

    @Test
    void a_scenario_that_fails_says_so_and_can_be_seen(@TempDir Path directory) throws IOException {
        Path picture = directory.resolve("new").resolve("run.svg");
        Path json = directory.resolve("run.json");
        assertThat(sim("deposits", "--seed", "5", "--picture", picture.toString(), "--json", json.toString()))
                .isEqualTo(1);
        assertThat(out.toString())
                .startsWith("failed: java.lang.AssertionError: after 6 deposits of 1 the balance is 7\n")
                .matches("(?s).*\n[0-9a-f]{16}\n");
        assertThat(Files.readString(picture)).startsWith("<svg").contains("“balance 6” lost", "CallFailedException");
        assertThat(Files.readAllLines(json)).allMatch(line -> line.startsWith("{\"at\":") && line.endsWith("}"));
    }

    @Test
    void a_part_of_a_run_is_chosen_by_time_host_and_connection_and_without_timers(@TempDir Path directory)
            throws IOException {
        Path picture = directory.resolve("part.svg");
        Path json = directory.resolve("part.json");
        String part = "deposits --seed 5 --from 1.04 --to 1.3 --host client --connection 6 --no-timers --picture "
                + picture + " --json " + json;
        assertThat(sim(part.split(" "))).isEqualTo(1);
        assertThat(Files.readString(picture))
                .contains("“balance 6” lost", "▫ connection 6")
                .doesNotContain("▫ connection 5", ">◷ ", "CallFailedException");
        assertThat(Files.readAllLines(json))
                .isNotEmpty()
                .allMatch(line -> line.matches("\\{\"at\":1[0-3]\\d{8},.*"))
                .noneMatch(line -> line.contains("\"event\":\"timer\""));
        assertThat(sim("deposits", "--host", "nobody", "--picture", picture.toString()))
                .isEqualTo(2);
        assertThat(err.toString()).contains("there is no host nobody; the hosts are bank, client");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "nonsense",
                "deposits --from yesterday",
                "deposits --connection x",
                "deposits --seed x",
                "deposits --seed 9223372036854775808",
                "deposits extra",
                "register --bug x",
                "deposits --bug old-term",
                ""
            })
    void a_wrong_command_is_one_clear_line(String arguments) {
        assertThat(sim(arguments.isEmpty() ? new String[0] : arguments.split(" ")))
                .isEqualTo(2);
        assertThat(err.toString()).startsWith("rill: ").endsWith("./rill sim --help tells more\n");
        assertThat(err.toString().lines()).hasSize(1);
        assertThat(out.toString()).isEmpty();
    }

    @Test
    void help_names_the_scenarios() {
        assertThat(sim("--help")).isZero();
        assertThat(out.toString()).contains(Scenarios.ALL.keySet());
    }

    @Test
    void a_bug_of_the_register_is_found() {
        assertThat(sim("register", "--bug", "early-answer", "--seeds", "20")).isEqualTo(1);
        assertThat(out.toString()).contains("was acknowledged, and is lost");
    }
}
