package rill.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A program that is told to stop reports what does not end. */
@Tag("slow")
class ShutdownTest {
    private static Process started(String how) throws IOException {
        return Programs.main("rill.examples.HungServer", Programs.NOTHING_TO_NOTE, how)
                .redirectErrorStream(true)
                .start();
    }

    @ParameterizedTest
    @ValueSource(strings = {"by itself", "by a hook", "while its group closes"})
    void reports_are_not_lost_while_the_jvm_shuts_down(String how) throws IOException, InterruptedException {
        Process process = started(how);
        try (var output = process.inputReader()) {
            assertThat(output.readLine()).isEqualTo("ready");
            Programs.signal(process, "TERM");
            assertThat(output.readAllAsString())
                    .contains("still alive when closing was over: ")
                    .contains("the endless one");
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        } finally {
            Programs.end(process);
        }
    }

    @Test
    void exit_on_the_loop_itself_does_not_wait_for_ever() throws IOException, InterruptedException {
        Process process = started("exit on the loop");
        try (var output = process.inputReader()) {
            assertThat(output.readAllAsString()).contains("something holds its thread, perhaps a call of System.exit");
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
            assertThat(process.exitValue()).isEqualTo(3);
        } finally {
            Programs.end(process);
        }
    }
}
