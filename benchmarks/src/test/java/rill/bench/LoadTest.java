package rill.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import java.util.function.IntPredicate;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import rill.bench.Tools.Program;

/** The load program beside a server that stops answering. */
@Tag("slow")
final class LoadTest {
    private static final int SIZE = 16;

    private final Tools tools = new Tools();
    private final List<AutoCloseable> open = new ArrayList<>();

    LoadTest() throws IOException {}

    @BeforeEach
    void requireTools() {
        assumeThat(Machine.look().whyNoProcesses().or(Tools::whyNoCompiler))
                .as("whole processes can be measured")
                .isEmpty();
    }

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable each : open.reversed()) {
            each.close();
        }
        tools.close();
    }

    /** Starts an echo that answers the first message of each connection, and each other one if the connection's number is one that {@code goesOn}. */
    private int echo(IntPredicate goesOn) throws IOException {
        var listener = new ServerSocket();
        open.add(listener);
        listener.bind(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0));
        Thread.ofPlatform().daemon().start(() -> {
            try {
                for (int i = 0; ; i++) {
                    Socket socket = listener.accept();
                    int number = i;
                    Thread.ofPlatform().daemon().start(() -> echo(socket, () -> goesOn.test(number)));
                }
            } catch (IOException closed) {
                // the test is over
            }
        });
        return listener.getLocalPort();
    }

    private static void echo(Socket socket, BooleanSupplier goesOn) {
        byte[] buffer = new byte[64 * 1024];
        try (socket) {
            int got = socket.getInputStream().readNBytes(buffer, 0, SIZE);
            socket.getOutputStream().write(buffer, 0, got);
            for (got = socket.getInputStream().read(buffer);
                    got > 0;
                    got = socket.getInputStream().read(buffer)) {
                if (goesOn.getAsBoolean()) {
                    socket.getOutputStream().write(buffer, 0, got);
                }
            }
        } catch (IOException gone) {
            // the load has ended
        }
    }

    private Child load(String mode, int port, int connections, int last) throws IOException {
        Child load = Child.start(
                "load",
                null,
                List.of(
                        tools.compiled(Program.LOAD).toString(),
                        mode,
                        "" + port,
                        "60",
                        "" + SIZE,
                        "" + connections,
                        "" + last));
        open.add(load);
        load.expect("ready");
        return load;
    }

    /** Asks for marks until one is as it should be. */
    private static Map<String, String> mark(Child load, Predicate<Map<String, String>> wanted) throws IOException {
        Map<String, String> mark = load.ask("mark");
        for (int i = 0; i < 500 && !wanted.test(mark); i++) {
            Bench.pass(0.02);
            mark = load.ask("mark");
        }
        assertThat(mark).matches(wanted, "as it should be");
        return mark;
    }

    private static long number(Map<String, String> mark, String key) {
        return Long.parseLong(mark.getOrDefault(key, "-1"));
    }

    @Test
    void a_connection_that_has_stopped_is_silent_whatever_the_others_do() throws IOException {
        var stopped = new AtomicBoolean();
        Child load = load("closed", echo(number -> number != 1 || !stopped.get()), 4, 2);
        Map<String, String> mark = mark(load, each -> number(each, "count") > 1_000 && number(each, "silent") == 0);
        assertThat(number(mark, "connections")).isEqualTo(4);
        assertThat(number(mark, "kept")).isEqualTo(8);
        assertThat(number(mark, "waiting")).isZero();
        stopped.set(true);
        long before = number(mark(load, each -> number(each, "silent") == 1), "count");
        mark(load, each -> number(each, "count") > before + 1_000 && number(each, "silent") == 1);
    }

    @Test
    void what_has_no_answer_is_waiting_and_what_there_is_no_room_for_is_late() throws IOException {
        long most = 1 << 14; // in flight on a connection
        Child load = load("rate", echo(number -> false), 1, 100_000);
        Map<String, String> full = mark(load, each -> number(each, "waiting") == most);
        Map<String, String> later = mark(load, each -> number(each, "late") >= number(full, "late") + most);
        assertThat(number(later, "waiting")).isEqualTo(most);
        assertThat(number(later, "count")).isZero();
        assertThat(later).containsEntry("latency", "");
    }
}
