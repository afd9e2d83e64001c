package rill.transport.epoll;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import rill.transport.epoll.linux.Interposer;

/** A separate process in which system calls fail as {@link FailingCalls} determines. */
final class Interposed {
    private Interposed() {}

    /** Returns the output of {@code main}, which must end in time. */
    static String run(Class<?> main, Path directory, long patienceSeconds) throws Exception {
        Path output = directory.resolve("output");
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-XX:TieredStopAtLevel=1",
                        "-D" + Interposer.PROPERTY + "=" + FailingCalls.class.getName(),
                        "-cp",
                        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                        main.getName())
                .redirectErrorStream(true)
                .redirectInput(new File("/dev/null"))
                .redirectOutput(output.toFile())
                .start();
        try {
            assertThat(process.waitFor(patienceSeconds, TimeUnit.SECONDS))
                    .as("it ended; so far it said: %s", Files.readString(output))
                    .isTrue();
        } finally {
            process.destroyForcibly();
        }
        return Files.readString(output);
    }
}
