package rill.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import rill.testing.Nobody;
import rill.testkit.Leaks;

@ExtendWith(Leaks.class)
class MainTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int demo(String... arguments) {
        return Main.execute(new PrintWriter(out, true), new PrintWriter(err, true), arguments);
    }

    @ParameterizedTest
    @ValueSource(strings = {"echo", "custom-codec", "two-loads", "redis", "chat", "tls", "starttls", "http", "https"})
    @Tag("slow")
    void every_example_passes_and_says_so_at_the_end(String name) {
        assertThat(demo(name)).as(err.toString()).isZero();
        assertThat(out.toString()).endsWith("demo passed\n");
        assertThat(err.toString()).isEmpty();
    }

    @Test
    @Tag("slow")
    void without_a_name_two_loads_and_then_redis_run() {
        assertThat(demo()).as(err.toString()).isZero();
        assertThat(out.toString().lines())
                .startsWith("two-loads")
                .contains("redis")
                .anyMatch(line -> line.matches("100,000 pipelined GETs in \\d+ ms: [\\d,]+ calls per second"))
                .endsWith("demo passed");
    }

    @Test
    @Tag("slow")
    void without_the_flag_for_fast_tasks_the_examples_pass_as_well() throws Exception {
        for (String name : List.of("two-loads", "chat")) {
            var result = Programs.run(Programs.demo(List.of(), name));
            assertThat(result.status()).as(result.all()).isZero();
            assertThat(result.errors()).contains("HANDED_OVER");
            assertThat(result.output()).endsWith("demo passed\n");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"nio", "epoll-nio", "epoll"})
    @EnabledOnOs(value = OS.LINUX, disabledReason = "epoll is part of Linux")
    @Tag("slow")
    void an_example_runs_on_the_transport_of_ones_choice(String transport) {
        try {
            assertThat(demo("echo", "--transport", transport))
                    .as(err.toString())
                    .isZero();
            assertThat(System.getProperty("rill.transport")).isEqualTo(transport);
            assertThat(out.toString()).endsWith("demo passed\n");
        } finally {
            System.clearProperty("rill.transport");
        }
    }

    @Test
    void a_transport_that_there_is_not_is_an_error_that_lists_those_there_are() {
        try {
            assertThat(demo("--transport", "kqueue", "echo")).isEqualTo(2);
            assertThat(err.toString()).contains("there is no transport kqueue", "epoll", "epoll-nio", "nio");
        } finally {
            System.clearProperty("rill.transport");
        }
    }

    @Test
    void help_lists_every_example() {
        assertThat(demo("--help")).isZero();
        assertThat(out.toString())
                .contains("echo", "two-loads", "redis", "chat", "custom-codec", "http", "files", "upload", "sse");
        assertThat(demo("redis", "--help")).isZero();
        assertThat(out.toString()).contains("--address", "--serve");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "nonesuch",
                "--nonesuch",
                "two-loads surplus",
                "two-loads --serve 0",
                "echo --serve",
                "echo --serve 65536",
                "echo --serve -1",
                "echo --serve +1",
                "redis --address",
                "redis --address here",
                "redis --address :6379",
                "redis --address here:",
                "redis --address here:0",
                "redis --address ::1:6379",
                "redis --address here:1 --serve 0"
            })
    void a_wrong_command_is_one_line_and_status_2(String arguments) {
        assertThat(demo(arguments.split(" "))).isEqualTo(2);
        assertOneLineOfError();
    }

    @Test
    void an_unknown_name_is_answered_with_the_names_there_are() {
        demo("nonesuch");
        assertThat(err.toString()).contains("nonesuch", "two-loads", "redis");
    }

    @Test
    void a_refused_connection_is_one_line_and_status_1() throws IOException {
        try (var nobody = new Nobody()) {
            String port = String.valueOf(nobody.address().getPort());
            assertThat(demo("redis", "--address", "127.0.0.1:" + port)).isEqualTo(1);
            assertOneLineOfError();
            assertThat(err.toString()).contains(port, "refused");
            assertThat(out.toString()).doesNotContain("demo passed");
        }
    }

    @Test
    void a_port_that_is_taken_is_one_line_and_status_1() throws IOException {
        try (var taken = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
            assertThat(demo("echo", "--serve", String.valueOf(taken.getLocalPort())))
                    .isEqualTo(1);
            assertOneLineOfError();
            assertThat(err.toString()).contains(String.valueOf(taken.getLocalPort()), "in use");
        }
    }

    @Test
    @Tag("slow")
    void the_redis_example_talks_to_the_address_it_is_given() {
        try (var server = new RunningServer(MemoryRedis::serve)) {
            String address = server.address().toString().substring(1);
            assertThat(demo("redis", "--address", address)).as(err.toString()).isZero();
            assertThat(out.toString()).startsWith("talking to " + address);
        }
    }

    private void assertOneLineOfError() {
        assertThat(err.toString().lines()).hasSize(1);
        assertThat(err.toString()).startsWith("rill: ").doesNotContain("Exception", "\tat ");
        assertThat(out.toString()).doesNotContain("demo passed");
    }
}
