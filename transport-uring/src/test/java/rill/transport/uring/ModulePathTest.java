package rill.transport.uring;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import rill.choice.UringChoiceMain;

/** What a separate JVM chooses on the module path, with and without permission for native calls. */
@Tag("slow")
class ModulePathTest {
    private static final List<String> RUNTIME = List.of(
            "/core/target/",
            "/rill-core-",
            "/transport-nio/target/",
            "/rill-transport-nio-",
            "/transport-epoll/target/",
            "/rill-transport-epoll-",
            "/transport-uring/target/classes",
            "/netty-buffer-",
            "/netty-common-",
            "/jspecify-");

    private static List<String> classPath() {
        String path = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        return Arrays.asList(path.split(File.pathSeparator, -1));
    }

    private static String choice(String... options) throws Exception {
        String modules = classPath().stream()
                .filter(each -> RUNTIME.stream().anyMatch(each::contains))
                .filter(each -> !each.contains("test"))
                .collect(Collectors.joining(File.pathSeparator));
        String tests = classPath().stream()
                .filter(each -> each.endsWith("transport-uring/target/test-classes"))
                .findFirst()
                .orElseThrow();
        var command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-p",
                modules,
                "--add-modules",
                "rill.transport.uring"));
        command.addAll(List.of(options));
        command.addAll(List.of("-cp", tests, UringChoiceMain.class.getName()));
        Path output = Files.createTempFile("rill-", ".out");
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        try {
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).as("it has ended").isTrue();
            return Files.readString(output);
        } finally {
            process.destroyForcibly();
            Files.delete(output);
        }
    }

    @Test
    void it_needs_leave_for_the_module_of_epoll_and_for_no_other() throws Exception {
        assertThat(choice(
                        "--illegal-native-access=deny",
                        "--enable-native-access=rill.transport.epoll",
                        "-Drill.transport=uring"))
                .contains("UNAVAILABLE no", "CHOSEN uring\n", "ECHO 42")
                .doesNotContain("WARNING");
    }

    @Test
    void it_is_taken_by_name_alone() throws Exception {
        assertThat(choice("--enable-native-access=rill.transport.epoll"))
                .contains("UNAVAILABLE no", "CHOSEN epoll\n", "ECHO 42");
    }

    @Test
    void without_leave_it_says_how_to_get_it() throws Exception {
        assertThat(choice("-Drill.transport=uring"))
                .contains("start java with --enable-native-access=rill.transport.epoll")
                .contains("FAILED transport uring is not available")
                .doesNotContain("WARNING");
    }
}
