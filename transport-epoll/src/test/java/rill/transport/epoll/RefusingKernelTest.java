package rill.transport.epoll;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import rill.choice.ChoiceMain;

/** Calls that an old kernel lacks, or that a seccomp filter refuses, as simulated by strace. */
@Tag("slow")
class RefusingKernelTest {
    @BeforeAll
    static void onlyWithStrace() throws Exception {
        Assumptions.assumeTrue(
                Files.isExecutable(Path.of("/usr/bin/strace"))
                        && run(List.of("/usr/bin/strace", "-f", "-qq", "-e", "trace=none", "true"))
                                .isEmpty(),
                "strace is not installed or not allowed here");
    }

    private static String choiceWith(String... injections) throws Exception {
        var command = new ArrayList<>(List.of("/usr/bin/strace", "-f", "-qq", "-o", "/dev/null"));
        for (String each : injections) {
            command.addAll(List.of("-e", "inject=" + each));
        }
        command.addAll(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                ChoiceMain.class.getName()));
        return run(command);
    }

    private static String run(List<String> command) throws Exception {
        Path output = Files.createTempFile("rill-", ".out");
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectInput(new File("/dev/null"))
                .redirectOutput(output.toFile())
                .start();
        try {
            assertThat(process.waitFor(120, TimeUnit.SECONDS))
                    .as("it has ended")
                    .isTrue();
            return Files.readString(output);
        } finally {
            process.destroyForcibly();
            Files.delete(output);
        }
    }

    @Test
    void without_epoll_pwait2_it_waits_in_milliseconds() throws Exception {
        assertThat(choiceWith("epoll_pwait2:error=ENOSYS"))
                .contains("UNAVAILABLE no", "CHOSEN epoll\n", "ECHO round and round");
        assertThat(choiceWith("epoll_pwait2:error=EPERM")).contains("CHOSEN epoll\n", "ECHO round and round");
    }

    @Test
    void a_refused_call_is_a_reason_in_words_and_the_other_transports_are_left() throws Exception {
        String output = choiceWith("epoll_create1:error=EPERM:when=1..2"); // once when first asked, once by the loop
        assertThat(output)
                .contains("UNAVAILABLE the system refuses to open a selector: Operation not permitted")
                .contains(
                        "sockets go through transport epoll-nio; better would be epoll (unavailable: the system refuses")
                .contains("CHOSEN epoll-nio\n", "ECHO round and round");
    }

    @Test
    void where_everything_is_refused_opening_a_loop_fails_and_nothing_crashes() throws Exception {
        String output = choiceWith("eventfd2:error=ENOSYS");
        assertThat(output)
                .contains("UNAVAILABLE the system refuses to open a selector: Function not implemented")
                .doesNotContain("SIGSEGV")
                .doesNotContain("CHOSEN epoll\n");
    }
}
