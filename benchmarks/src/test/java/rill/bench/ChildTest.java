package rill.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;

@DisabledOnOs(value = OS.WINDOWS, disabledReason = "the children are shell scripts")
final class ChildTest {
    private static Child shell(String script) throws IOException {
        return Child.start("a script", null, List.of("sh", "-c", script));
    }

    @Test
    void it_answers_what_it_is_asked() throws IOException {
        try (Child child = shell("echo listening 17; read word; echo $word count=4")) {
            assertThat(child.expect("listening")).isEqualTo("17");
            assertThat(child.ask("mark")).containsEntry("count", "4");
        }
    }

    @Test
    void its_end_comes_with_what_it_complained_of() throws IOException {
        try (Child child = shell("echo no such library >&2; exit 3")) {
            assertThatThrownBy(() -> child.expect("listening"))
                    .isInstanceOf(IOException.class)
                    .hasMessage("a script ended; expected listening: no such library");
        }
    }

    @Test
    void what_a_child_used_can_be_seen_as_long_as_it_lives() throws IOException {
        Child child = shell("echo ready; read word");
        child.expect("ready");
        assertThat(child.cpu().total()).isPositive();
        child.close();
        assertThatThrownBy(child::cpu)
                .isInstanceOf(Child.GoneException.class)
                .hasMessage("a script has ended, so what it used can't be seen");
    }

    @Test
    void what_is_unavailable_is_left_out() throws IOException {
        try (Child child = shell("echo unavailable no such kernel")) {
            assertThatThrownBy(() -> child.expect("listening"))
                    .isInstanceOf(LeftOutException.class)
                    .hasMessage("no such kernel");
        }
    }

    @Test
    void it_ends_when_its_input_does() throws IOException {
        Child child = shell("cat >/dev/null");
        var process = ProcessHandle.of(child.pid()).orElseThrow();
        child.close();
        assertThat(process.isAlive()).isFalse();
    }
}
