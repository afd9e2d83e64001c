package rill.transport.epoll;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Errors of system calls that come up seldom, and what they are told as. */
@Tag("slow")
class RareErrorsTest {
    private static List<String> said;

    @BeforeAll
    static void run(@TempDir Path directory) throws Exception {
        Path output = directory.resolve("output");
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-XX:TieredStopAtLevel=1",
                        "-D" + Interposer.PROPERTY + "=" + FailingCalls.class.getName(),
                        "-cp",
                        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                        RareErrorsMain.class.getName())
                .redirectErrorStream(true)
                .redirectInput(new File("/dev/null"))
                .redirectOutput(output.toFile())
                .start();
        try {
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).as("it ended").isTrue();
        } finally {
            process.destroyForcibly();
        }
        said = Files.readAllLines(output);
    }

    @Test
    void any_refusal_of_epoll_pwait2_is_answered_by_waiting_in_milliseconds() {
        assertThat(said)
                .contains("WAITED in spite of " + Errno.EOPNOTSUPP)
                .contains("WAITED in spite of " + Errno.EACCES)
                .contains("WAITED in spite of " + Errno.ENOSYS)
                .contains("WAITED in spite of " + Errno.EPERM);
    }

    @Test
    void the_timeout_of_an_established_connection_is_no_failure_to_connect() {
        assertThat(said)
                .anySatisfy(line -> assertThat(line)
                        .startsWith("READ java.net.SocketException: read from ")
                        .endsWith("Connection timed out"));
    }

    @Test
    void a_family_that_the_system_has_not_is_named_with_what_to_do() {
        assertThat(said.stream().filter(line -> line.startsWith("NO FAMILY")))
                .hasSize(2)
                .allSatisfy(line -> assertThat(line)
                        .contains("java.net.SocketException", "no IPv6", "IPv4")
                        .contains("0:0:0:0:0:0:0:1"));
    }
}
