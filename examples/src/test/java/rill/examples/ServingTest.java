package rill.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import rill.testkit.Leaks;

/** The servers in a separate process, stopped by a signal. */
@Tag("slow")
@ExtendWith(Leaks.class)
class ServingTest {
    private static final Pattern LISTENING = Pattern.compile("listening at (?:https?://)?127\\.0\\.0\\.1:(\\d+)/?; .*");

    private static final List<String> IGNORING_SIGINT = List.of("sh", "-c", "trap '' INT; exec \"$@\"", "sh");

    /** A running server. The tests compare its output; its reports go elsewhere. */
    private static final class Server implements AutoCloseable {
        private final Process process;
        private final BufferedReader output;
        private final Path errors;
        private final InetSocketAddress address;

        Server(List<String> before, String option, String name) throws IOException {
            errors = Files.createTempFile("rill-", ".err");
            var options = new ArrayList<>(Programs.NOTHING_TO_NOTE);
            options.add("-Djava.util.logging.SimpleFormatter.format=%4$s %5$s%6$s%n"); // one line per report
            options.add(option);
            ProcessBuilder builder = Programs.demo(options, name, "--serve", "0");
            builder.command().addAll(0, before);
            process = builder.redirectError(errors.toFile()).start();
            output = process.inputReader();
            String first = String.valueOf(output.readLine());
            Matcher listening = LISTENING.matcher(first);
            if (!listening.matches()) {
                close();
                throw new AssertionError("not listening: " + first);
            }
            address = Loopback.port(Integer.parseInt(listening.group(1)));
        }

        Caller caller() {
            return new Caller(address);
        }

        void signal(String signal) throws IOException, InterruptedException {
            new ProcessBuilder(Programs.required("kill"), "-" + signal, String.valueOf(process.pid()))
                    .start()
                    .waitFor();
        }

        void assertItEndsInGoodOrder() throws IOException, InterruptedException {
            assertThat(process.waitFor(20, TimeUnit.SECONDS)).as("it ends").isTrue();
            assertThat(output.readAllAsString()).isEqualTo("stopped\n");
            assertThat(process.exitValue()).isZero();
            assertThat(reports()).isEmpty();
        }

        /** The reports, without slow Handles, which may occur on any busy machine. */
        List<String> reports() throws IOException {
            return Files.readAllLines(errors).stream()
                    .filter(line -> !line.contains(" has held the loop for "))
                    .filter(line -> !line.startsWith("\t") && !line.equals("  innermost:")) // of its stack
                    .toList();
        }

        @Override
        public void close() throws IOException {
            Programs.end(process);
            Files.delete(errors);
        }
    }

    private static Server server(String name) throws IOException {
        return new Server(Programs.mindingSignals(), "-Xmx256m", name);
    }

    @ParameterizedTest
    @CsvSource({
        "echo, TERM, abc, abc",
        "echo, INT, abc, abc",
        "redis, TERM, 'PING\n', +PONG",
        "chat, TERM, '', your name?"
    })
    void a_signal_stops_a_server_in_good_order(String name, String signal, String question, String answer)
            throws IOException, InterruptedException {
        try (var server = server(name)) {
            try (var caller = server.caller()) {
                assertThat(caller.send(question).read(answer.length())).isEqualTo(answer);
                server.signal(signal);
                assertThat(caller.readToEnd().strip()).as("after the answer").isEmpty();
            }
            server.assertItEndsInGoodOrder();
        }
    }

    @Test
    void a_signal_that_was_ignored_from_the_start_is_survived() throws IOException, InterruptedException {
        try (var server = new Server(IGNORING_SIGINT, "-Xmx256m", "echo")) {
            try (var caller = server.caller()) {
                server.signal("INT");
                assertThat(caller.send("abc").read(3)).isEqualTo("abc");
                server.signal("TERM");
                assertThat(caller.readToEnd()).as("after the answer").isEmpty();
            }
            server.assertItEndsInGoodOrder();
        }
    }

    /** Each part of one byte takes about thirty on the heap, so one such command would fill half of it. */
    @Test
    void a_small_heap_survives_connections_that_send_a_million_parts_of_one_byte_each()
            throws IOException, InterruptedException {
        var hoarders = new ArrayList<Caller>();
        try (var server = new Server(List.of(), "-Xmx64m", "redis");
                var other = server.caller()) {
            for (int i = 0; i < 10; i++) {
                hoarders.add(server.caller());
                sendAMillionParts(hoarders.getLast());
                assertThat(other.send("PING\r\n").line()).isEqualTo("+PONG");
            }
            assertThat(other.send("SET key value\r\n").line()).isEqualTo("+OK");
            server.signal("TERM");
            assertThat(server.process.waitFor(20, TimeUnit.SECONDS))
                    .as("it ends")
                    .isTrue();
            assertThat(server.reports()).noneMatch(line -> line.contains("OutOfMemoryError"));
        } finally {
            hoarders.forEach(Caller::close);
        }
    }

    /** Sends all but the last part. */
    private static void sendAMillionParts(Caller caller) throws IOException {
        caller.send("*1000001\r\n");
        try {
            for (int i = 0; i < 1000; i++) {
                caller.send("$1\r\na\r\n".repeat(1000));
            }
        } catch (SocketException refused) {
            // the server has closed it by then
        }
    }
}
