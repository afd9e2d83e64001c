package rill.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import rill.bench.micro.Awaiting;
import rill.bench.micro.EchoPath;
import rill.bench.micro.HttpAnswering;
import rill.bench.micro.Layers;
import rill.bench.micro.LengthFieldDecoding;
import rill.bench.micro.LengthFieldEncoding;
import rill.bench.micro.LineDecoding;
import rill.bench.micro.Promises;
import rill.bench.micro.RespDecoding;
import rill.bench.micro.RespEncoding;
import rill.bench.micro.WebSocketEcho;

/** Checks that what the micro benchmarks time works; each of them throws if it does not. */
final class MicroTest {
    @Test
    void every_codec_gives_its_hundred_messages_on_both_sides() {
        assertThat(new LengthFieldDecoding().rill()).isEqualTo(100);
        assertThat(new LengthFieldDecoding().netty()).isEqualTo(100);
        assertThat(new LineDecoding().rill()).isEqualTo(100);
        assertThat(new LineDecoding().netty()).isEqualTo(100);
        assertThat(new RespDecoding().rill()).isEqualTo(100);
        assertThat(new RespDecoding().netty()).isEqualTo(100);
    }

    @Test
    void both_sides_write_the_same_number_of_bytes() {
        assertThat(new LengthFieldEncoding().rill()).isEqualTo(new LengthFieldEncoding().netty());
        assertThat(new RespEncoding().rill()).isEqualTo(new RespEncoding().netty());
        assertThat(new HttpAnswering().rill()).isEqualTo(new HttpAnswering().netty());
    }

    @Test
    void an_echo_comes_back_whole() {
        var echo = new EchoPath();
        echo.reads = 16;
        assertThat(echo.rill()).isEqualTo(16 * 64);
        assertThat(echo.netty()).isEqualTo(16 * 64);
    }

    @Test
    void a_message_of_a_web_socket_comes_back_whole_each_time() {
        for (int size : new int[] {64, 16_384}) {
            var echo = new WebSocketEcho();
            echo.size = size;
            echo.setUp();
            for (int i = 0; i < 3; i++) {
                assertThat(echo.rill()).isEqualTo(echo.netty()).isGreaterThan(size);
            }
        }
    }

    @Test
    void messages_pass_all_layers() {
        var layers = new Layers();
        layers.layers = 5;
        layers.setUp();
        assertThat(layers.rill()).isEqualTo(100);
        assertThat(layers.rillMapping()).isEqualTo(200); // they count together
        assertThat(layers.netty()).isEqualTo(100);
    }

    @Test
    void every_callback_is_called() {
        var promises = new Promises();
        try {
            assertThat(promises.rill()).isEqualTo(1_000);
            assertThat(promises.netty()).isEqualTo(2_000);
            assertThat(promises.jdk()).isEqualTo(3_000);
        } finally {
            promises.tearDown();
        }
    }

    @Test
    void virtual_threads_of_the_jdk_wait_again_after_every_round() throws Exception {
        var awaiting = new Awaiting();
        awaiting.begin("jdk");
        try {
            assertThat(awaiting.jdk()).isEqualTo(10_000);
            assertThat(awaiting.jdk()).isEqualTo(10_000);
        } finally {
            awaiting.tearDown();
        }
    }

    @Test
    @Tag("slow")
    void a_fork_gives_time_and_bytes() throws Exception {
        System.setProperty("jmh.ignoreLock", "true"); // runs this short mean nothing, so others may measure meanwhile
        try (var tools = new Tools()) {
            var bench = new Bench(
                    Machine.look(), new Profile(Profile.Extent.QUICK, 1, 0, 0.01), tools, ClassPath.ofThisProcess());
            Contest awaiting = new MicroBenchmark().contests(bench).getLast();
            var outcome = awaiting.contestants().getFirst().run().once();
            assertThat(outcome.figures()).containsKeys(Figure.TIME.key, Figure.ALLOCATED_PER_OPERATION.key);
            assertThat(outcome.figures().get(Figure.TIME.key)).isPositive();
        }
    }

    @Test
    void a_fork_is_pinned_by_words_before_its_command() {
        assertThat(new Pinning("0,1").addJVMInvokeOptions(null)).containsExactly("taskset", "-c", "0,1");
        assertThat(new Pinning(Pinning.NONE).addJVMInvokeOptions(null)).isEmpty();
    }

    @Test
    void what_runs_on_one_thread_has_one_processor_and_what_has_more_has_two() throws Exception {
        try (var tools = new Tools()) {
            var bench = new Bench(Machine.look(), Profile.full(), tools, ClassPath.ofThisProcess());
            for (Contest each : new MicroBenchmark().contests(bench)) {
                boolean more = List.of("tasks", "timer", "await").stream().anyMatch(each.name()::startsWith);
                assertThat(each.parameters()).as(each.name()).containsEntry("processors", more ? 2 : 1);
            }
        }
    }

    @Test
    void a_first_answer_has_fewer_cases_than_a_full_run() throws Exception {
        try (var tools = new Tools()) {
            List<Integer> sizes = List.of(Profile.quick(), Profile.full()).stream()
                    .map(profile -> new Bench(Machine.look(), profile, tools, ClassPath.ofThisProcess()))
                    .map(bench -> new MicroBenchmark().contests(bench).size())
                    .toList();
            assertThat(sizes.getFirst()).isPositive().isLessThan(sizes.getLast());
        }
    }
}
