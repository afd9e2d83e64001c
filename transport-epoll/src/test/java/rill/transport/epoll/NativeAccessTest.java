package rill.transport.epoll;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import rill.choice.ChoiceMain;

/** The transport that a separate JVM chooses on the module path, with and without permission for native calls. */
@Tag("slow")
class NativeAccessTest {
    private static final String ALLOWED = "--enable-native-access=rill.transport.epoll";
    private static final List<String> RUNTIME = List.of(
            "/core/target/",
            "/rill-core-",
            "/transport-nio/target/",
            "/transport-epoll/target/classes",
            "/netty-buffer-",
            "/netty-common-",
            "/jspecify-");

    private record Result(int status, String output) {}

    private static List<String> classPath() {
        String path = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        return Arrays.asList(path.split(File.pathSeparator, -1));
    }

    /** What an application has on its module path. */
    private static String modulePath() {
        return classPath().stream()
                .filter(each -> RUNTIME.stream().anyMatch(each::contains))
                .filter(each -> !each.contains("test"))
                .collect(Collectors.joining(File.pathSeparator));
    }

    /** The main class is outside all modules, as an application's may be. */
    private static Result choice(List<String> options, String... arguments) throws Exception {
        var command = new ArrayList<>(List.of("-p", modulePath(), "--add-modules", "rill.transport.epoll"));
        command.addAll(options);
        String tests = classPath().stream()
                .filter(each -> each.endsWith("transport-epoll/target/test-classes"))
                .findFirst()
                .orElseThrow();
        command.addAll(List.of("-cp", tests, ChoiceMain.class.getName()));
        command.addAll(List.of(arguments));
        return run("java", command);
    }

    private static Result run(String tool, List<String> arguments) throws Exception {
        var command = new ArrayList<String>();
        command.add(Path.of(System.getProperty("java.home"), "bin", tool).toString());
        command.addAll(arguments);
        Path output = Files.createTempFile("rill-", ".out");
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        try {
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).as("it has ended").isTrue();
            return new Result(process.exitValue(), Files.readString(output));
        } finally {
            process.destroyForcibly();
            Files.delete(output);
        }
    }

    @Test
    void the_direct_path_works_where_native_access_is_denied_to_all_others() throws Exception {
        Result result = choice(List.of("--illegal-native-access=deny", ALLOWED));
        assertThat(result.output)
                .contains("UNAVAILABLE no", "CHOSEN epoll\n", "ECHO round and round")
                .contains("sockets go through transport epoll, the best that is installed")
                .doesNotContain("WARNING");
        assertThat(result.output.lines().filter(line -> line.contains("sockets go through")))
                .as("said once")
                .hasSize(1);
        assertThat(result.status).isZero();
    }

    @Test
    void without_native_access_the_other_path_is_taken_and_says_why_and_nothing_warns() throws Exception {
        for (var options : List.of(List.<String>of(), List.of("--illegal-native-access=deny"))) {
            Result result = choice(options);
            assertThat(result.output)
                    .contains("CHOSEN epoll-nio\n", "ECHO round and round")
                    .contains("sockets go through transport epoll-nio; better would be epoll (unavailable: ")
                    .contains("start java with " + ALLOWED)
                    .doesNotContain("WARNING");
            assertThat(result.status).isZero();
        }
    }

    @Test
    void whoever_asks_for_the_direct_path_without_native_access_is_told_how_to_get_it() throws Exception {
        Result result = choice(List.of(), "explicit");
        assertThat(result.output).contains("REFUSED transport epoll is unavailable: native access is not enabled");
        assertThat(result.output.lines().filter(line -> line.startsWith("REFUSED")))
                .singleElement()
                .asString()
                .endsWith(ALLOWED);
    }

    @Test
    void the_system_property_forces_a_transport_or_fails_with_all_that_there_is() throws Exception {
        assertThat(choice(List.of(ALLOWED, "-Drill.transport=nio")).output)
                .contains("CHOSEN nio\n")
                .contains("as the system property rill.transport says");
        assertThat(choice(List.of(ALLOWED, "-Drill.transport=epoll-nio")).output)
                .contains("CHOSEN epoll-nio\n");
        assertThat(choice(List.of("-Drill.transport=epoll")).output)
                .contains("FAILED transport epoll is not available; installed: epoll (unavailable: native access")
                .contains("epoll-nio, nio");
        assertThat(choice(List.of(ALLOWED, "-Drill.transport=kqueue")).output)
                .contains("FAILED there is no transport kqueue; installed: epoll, epoll-nio, nio");
    }

    @Test
    void where_the_jdk_selects_otherwise_epoll_nio_says_so() throws Exception {
        String poll = "-Djava.nio.channels.spi.SelectorProvider=sun.nio.ch.PollSelectorProvider";
        assertThat(choice(List.of(poll)).output)
                .contains("CHOSEN nio\n")
                .contains("epoll-nio (unavailable: the JDK was told to select with sun.nio.ch.PollSelectorProvider");
    }

    @Test
    void another_system_or_processor_is_no_crash() throws Exception {
        assertThat(choice(List.of(ALLOWED, "-Dos.arch=sparc")).output)
                .contains(
                        "UNAVAILABLE the numbers of its system calls are not known for the processor architecture sparc")
                .contains("CHOSEN epoll-nio\n");
    }

    /**
     * Netty's module loads Netty's own native libraries, of which there are none here. The test in which all other modules are denied native access
     * shows that.
     */
    @Test
    void no_module_of_rill_but_this_one_needs_native_access_and_in_it_one_class() throws Exception {
        Path tool = Path.of(System.getProperty("java.home"), "bin", "jnativescan");
        Assumptions.assumeTrue(Files.isExecutable(tool), "this JDK has no jnativescan");
        var arguments = List.of("--module-path", modulePath(), "--add-modules", "rill.transport.epoll");
        Result result = run("jnativescan", arguments);
        assertThat(result.status).as(result.output).isZero();
        var callers = Pattern.compile("(\\S+)::\\S+ references restricted methods")
                .matcher(result.output)
                .results()
                .map(match -> match.group(1))
                .collect(Collectors.toSet());
        assertThat(callers)
                .as(result.output)
                .containsExactlyInAnyOrder(
                        "rill.transport.epoll.linux.LibC", "io.netty.util.internal.NativeLibraryUtil");
    }
}
