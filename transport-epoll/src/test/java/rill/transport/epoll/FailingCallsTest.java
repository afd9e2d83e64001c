package rill.transport.epoll;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Each system call fails once, with each error of its manual page that a correct caller can get. */
@Tag("slow")
class FailingCallsTest {
    private static final long PATIENCE_SECONDS = 300;

    @Test
    void a_system_call_that_fails_harms_at_most_what_it_was_made_for(@TempDir Path directory) throws Exception {
        Path output = directory.resolve("output");
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-XX:TieredStopAtLevel=1",
                        "-D" + Interposer.PROPERTY + "=" + FailingCalls.class.getName(),
                        "-cp",
                        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                        FailingCallsMain.class.getName())
                .redirectErrorStream(true)
                .redirectInput(new File("/dev/null"))
                .redirectOutput(output.toFile())
                .start();
        try {
            assertThat(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS))
                    .as("it ended; so far it said: %s", Files.readString(output))
                    .isTrue();
        } finally {
            process.destroyForcibly();
        }
        assertThat(Files.readString(output))
                .doesNotContain("not called at all")
                .containsPattern("(?m)^[3-9]\\d\\d runs, [3-9]\\d\\d with a failure, 0 violations$");
    }
}
