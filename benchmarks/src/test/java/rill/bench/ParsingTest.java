package rill.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ParsingTest {
    @TempDir
    private Path folder;

    @Test
    void the_processor_time_of_all_threads_is_added_up() throws IOException {
        thread("100", "1000000 5 7\n");
        thread("101", "2000000 9 1\n");
        Files.writeString(
                folder.resolve("stat"),
                "100 (a name) with ) in it) S 1 100 100 0 -1 4194560 1 2 3 4 12 34 0 0 20 0 2 0 5 6 7\n");
        assertThat(Cpu.read(folder)).isEqualTo(new Cpu(3_000_000, 120_000_000, 340_000_000, 460_000_000));
    }

    @Test
    void a_thread_that_ends_with_its_time_is_missed() throws IOException {
        var begin = new Cpu(900_000_000, 500_000_000, 410_000_000, 910_000_000);
        new Cpu(1_900_000_000, 1_500_000_000, 460_000_000, 1_950_000_000).requireAllAliveSince(begin);
        var without = new Cpu(1_700_000_000, 1_500_000_000, 400_000_000, 1_900_000_000);
        assertThatThrownBy(() -> without.requireAllAliveSince(begin))
                .isInstanceOf(IOException.class)
                .hasMessageStartingWith("threads ended within the window, so 190 ms of processor time");
    }

    private void thread(String id, String schedstat) throws IOException {
        Files.writeString(
                Files.createDirectories(folder.resolve("task").resolve(id)).resolve("schedstat"), schedstat);
    }

    @Test
    void what_is_not_a_schedstat_is_refused() {
        assertThatThrownBy(() -> Cpu.parseSchedstat("17\n"))
                .isInstanceOf(IOException.class)
                .hasMessage("not a schedstat: three numbers expected, found '17'");
    }

    @Test
    void threads_that_have_ended_do_not_make_the_time_negative() {
        assertThat(new Cpu(5, 5, 5, 10).since(new Cpu(9, 1, 1, 2)).total()).isZero();
    }

    @Test
    void processors_are_listed_singly_and_in_ranges() {
        assertThat(Machine.parseProcessors("0-2,5,8-9")).containsExactly(0, 1, 2, 5, 8, 9);
    }

    @Test
    void an_answer_is_keys_and_values() {
        assertThat(Child.parse("count=12 ns=345 latency="))
                .isEqualTo(Map.of("count", "12", "ns", "345", "latency", ""));
    }

    @Test
    void latencies_are_values_and_counts() {
        var histogram = Window.parse("1000:98,2000:1,50000:1");
        assertThat(histogram.getTotalCount()).isEqualTo(100);
        assertThat(histogram.getValueAtPercentile(50)).isEqualTo(1000);
        assertThat(histogram.getMaxValue()).isBetween(50_000L, 50_100L);
        assertThat(Window.parse("")).isNull();
        assertThat(Window.parse(null)).isNull();
    }

    @Test
    void the_number_of_system_calls_is_in_the_line_of_the_total() throws IOException {
        var summary = List.of(
                "    calls syscall",
                "--------- --------",
                "       12 read",
                "       30 write",
                "--------- --------",
                "       42 total");
        assertThat(SystemCalls.parse(summary)).isEqualTo(42);
        assertThatThrownBy(() -> SystemCalls.parse(List.of())).isInstanceOf(IOException.class);
    }

    @Test
    void the_rate_of_redis_benchmark_is_the_second_field() throws IOException {
        var csv = List.of("\"test\",\"rps\",\"avg_latency_ms\"", "\"GET bench:key\",\"123456.78\",\"0.1\"");
        assertThat(RedisBenchmark.parse(csv)).isEqualTo(123_456.78);
        assertThatThrownBy(() -> RedisBenchmark.parse(List.of("Could not connect")))
                .isInstanceOf(IOException.class);
    }

    @Test
    void resident_memory_is_told_in_kibibytes() throws IOException {
        assertThat(IdleBenchmark.parseResident(List.of("VmPeak:\t 9 kB", "VmRSS:\t    2048 kB")))
                .isEqualTo(2_097_152);
    }

    @Test
    void numbers_have_three_digits_that_count() {
        assertThat(Units.text("/s", 131_415)).isEqualTo("131,000 /s");
        assertThat(Units.text("ns", 7_253)).isEqualTo("7.25 µs");
        assertThat(Units.text("B", 160)).isEqualTo("160 B");
        assertThat(Units.brief("/s", 200_000)).isEqualTo("200 k");
        assertThat(Units.brief("/s", 1_000_000)).isEqualTo("1 M");
        assertThat(Units.brief("ns", 5_000)).isEqualTo("5 µs");
        assertThat(Units.duration(75)).isEqualTo("1:15 min");
    }
}
