package rill.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import rill.Codec;

/** What fuzzing has found is checked once more where memory can be measured. */
class MainTest {
    @TempDir
    private Path inputs;

    private final List<byte[]> kept = new ArrayList<>();

    /** Takes a megabyte for an exclamation mark. */
    private final Target target = Target.of(
            "costly",
            Codec.<String, String>of(
                    (in, context) -> {
                        if (!in.isReadable()) {
                            return null;
                        }
                        byte next = in.readByte();
                        if (next == '!') {
                            kept.add(new byte[1024 * 1024]);
                        }
                        return String.valueOf((char) next);
                    },
                    (text, out) -> out.writeCharSequence(text, StandardCharsets.ISO_8859_1)),
            10);

    @Test
    void a_run_in_which_jazzer_tries_nothing_or_fails_is_no_success() {
        assertThat(Main.fault(0, 1)).isNull();
        assertThat(Main.fault(0, 0)).contains("no input");
        assertThat(Main.fault(77, 1)).contains("a law is broken");
    }

    @Test
    void an_input_that_costs_too_much_memory_is_found_without_the_agent() throws IOException {
        Files.writeString(inputs.resolve("cheap"), "abc");
        assertThat(Main.broken(target, inputs)).isEmpty();
        Files.writeString(inputs.resolve("dear"), "a!c");
        assertThat(Main.broken(target, inputs))
                .singleElement()
                .asString()
                .startsWith("a!c")
                .contains("allocated");
        target.checkBesideAgent("a!c".getBytes(StandardCharsets.US_ASCII));
    }
}
