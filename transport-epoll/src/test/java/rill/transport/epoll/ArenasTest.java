package rill.transport.epoll;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Memory from arenas is released. This needs a JVM that tracks native memory, while the tests that count allocations need one that does not. */
@Tag("slow")
class ArenasTest {
    private static final Pattern LEFT =
            Pattern.compile(".*: 2000 came and went, and (\\d+) blocks and (\\d+) bytes have stayed");

    @Test
    void loops_wires_and_listeners_that_come_and_go_take_no_native_memory_with_them(@TempDir Path directory)
            throws Exception {
        Path output = directory.resolve("output");
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-XX:NativeMemoryTracking=summary",
                        "-XX:TieredStopAtLevel=1",
                        "-Xmx64m",
                        "-cp",
                        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                        ArenasMain.class.getName())
                .redirectErrorStream(true)
                .redirectInput(new File("/dev/null"))
                .redirectOutput(output.toFile())
                .start();
        try {
            assertThat(process.waitFor(120, TimeUnit.SECONDS))
                    .as("it ended; so far it said: %s", Files.readString(output))
                    .isTrue();
        } finally {
            process.destroyForcibly();
        }
        List<String> said = Files.readAllLines(output);
        List<Matcher> left =
                said.stream().map(LEFT::matcher).filter(Matcher::matches).toList();
        assertThat(left).as("it said: %s", said).hasSize(2).allSatisfy(each -> {
            assertThat(Long.parseLong(each.group(1))).as(each.group()).isLessThan(200);
            assertThat(Long.parseLong(each.group(2))).as(each.group()).isLessThan(4 * 1024 * 1024);
        });
    }
}
