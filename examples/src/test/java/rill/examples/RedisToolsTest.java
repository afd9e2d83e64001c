package rill.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import rill.testkit.Leaks;

/** Redis's own tools with our server. */
@ExtendWith(Leaks.class)
class RedisToolsTest {
    private static List<String> at(RunningServer server, String... arguments) {
        var all = new ArrayList<>(List.of("-h", "127.0.0.1", "-p", String.valueOf(port(server))));
        all.addAll(List.of(arguments));
        return all;
    }

    private static int port(RunningServer server) {
        return ((InetSocketAddress) server.address()).getPort();
    }

    private static String cli(RunningServer server, String... command) throws Exception {
        return Programs.run("redis-cli", at(server, command)).all().strip();
    }

    @Test
    void redis_cli_stores_and_reads() throws Exception {
        try (var server = new RunningServer(MemoryRedis::serve)) {
            assertThat(cli(server, "PING")).isEqualTo("PONG");
            assertThat(cli(server, "SET", "key", "a value")).isEqualTo("OK");
            assertThat(cli(server, "GET", "key")).isEqualTo("a value");
            assertThat(cli(server, "GET")).isEqualTo("ERR wrong number of arguments for 'get' command");
            assertThat(cli(server, "INCR", "n")).isEqualTo("1");
            assertThat(cli(server, "MGET", "key", "n")).isEqualTo("a value\n1");
        }
    }

    /** Without the option -t, it runs all the tests that it has. */
    @Test
    @Tag("slow")
    void redis_benchmark_runs_all_of_its_tests_without_an_error() throws Exception {
        try (var server = new RunningServer(MemoryRedis::serve)) {
            for (String depth : List.of("1", "16")) {
                var result = Programs.run("redis-benchmark", at(server, "-P", depth, "-n", "2000", "-c", "10", "-q"));
                assertThat(result.status()).as(result.all()).isZero();
                assertThat(result.output().lines().filter(line -> line.contains("requests per second")))
                        .as(result.output())
                        .hasSizeGreaterThanOrEqualTo(20);
                assertThat(result.all()).doesNotContain("WARNING", "Error", "ERR");
            }
        }
    }

    @Test
    @Tag("slow")
    void redis_benchmark_runs_to_its_end() throws Exception {
        try (var server = new RunningServer(MemoryRedis::serve)) {
            var result = Programs.run(
                    "redis-benchmark", at(server, "-t", "ping,set,get,incr", "-P", "16", "-n", "20000", "-q"));
            assertThat(result.status()).as(result.all()).isZero();
            for (String name : List.of("PING_INLINE", "PING_MBULK", "SET", "GET", "INCR")) {
                assertThat(result.output())
                        .containsPattern(Pattern.compile("\\b" + name + ": [\\d.]+ requests per second"));
            }
            assertThat(result.all()).doesNotContain("WARNING", "Error");
        }
    }
}
