package rill.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import rill.testkit.Leaks;

/** The servers in a process of their own, stopped by a signal. */
@Tag("slow")
@ExtendWith(Leaks.class)
class ServingTest {
    private static final Pattern LISTENING = Pattern.compile("listening at 127\\.0\\.0\\.1:(\\d+); .*");

    @ParameterizedTest
    @CsvSource({
        "echo, TERM, abc, abc",
        "echo, INT, abc, abc",
        "redis, TERM, 'PING\n', +PONG",
        "chat, TERM, '', your name?"
    })
    void a_signal_stops_a_server_in_good_order(String name, String signal, String question, String answer)
            throws IOException, InterruptedException {
        String kill = Programs.required("kill");
        Process process = Programs.demo(Programs.NOTHING_TO_NOTE, name, "--serve", "0")
                .redirectErrorStream(true)
                .start();
        try (BufferedReader output = process.inputReader()) {
            Matcher listening = LISTENING.matcher(output.readLine());
            assertThat(listening.matches()).isTrue();
            try (var caller = new Caller(Loopback.port(Integer.parseInt(listening.group(1))))) {
                assertThat(caller.send(question).read(answer.length())).isEqualTo(answer);
                new ProcessBuilder(kill, "-" + signal, String.valueOf(process.pid()))
                        .start()
                        .waitFor();
                assertThat(caller.readToEnd().strip()).as("after the answer").isEmpty();
            }
            assertThat(process.waitFor(20, TimeUnit.SECONDS)).as("it ends").isTrue();
            assertThat(process.exitValue()).isZero();
            assertThat(output.readAllAsString()).isEqualTo("stopped\n");
        } finally {
            Programs.end(process);
        }
    }
}
