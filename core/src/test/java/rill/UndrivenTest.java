package rill;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetSocketAddress;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import rill.testing.Loops;
import rill.testing.TextLines;

/** What a loop that nobody drives reports of the work that waits for it. */
class UndrivenTest {
    private final Loops loops = Loops.manual();
    private final Loop loop = loops.open();

    @AfterEach
    void close() {
        loops.close();
    }

    @Test
    void where_nothing_waits_there_is_nothing_to_name() {
        assertThat(loop.neglected()).isNull();
        loops.settle();
        assertThat(loop.neglected()).isNull();
    }

    @Test
    void what_another_thread_has_scheduled_is_named() {
        loop.schedule("letter in the box", () -> {});
        assertThat(loop.neglected()).isEqualTo("letter in the box");
        loops.settle();
        assertThat(loop.neglected()).isNull();
    }

    @Test
    void what_is_to_be_listened_at_is_named_by_its_address() {
        Future<Listener> listening =
                loop.listen(new InetSocketAddress("127.0.0.1", 0), TextLines.pipeline(), connection -> {});
        assertThat(loop.neglected()).startsWith("listen at ").contains("127.0.0.1");
        loops.settle(listening).close();
    }

    @Test
    void a_task_of_another_loop_that_awaits_one_of_its_futures_waits_for_it() {
        Loop other = loops.open();
        Promise<String> promise = loop.promise();
        Task<String> task = other.task(promise::await);
        loops.settle();
        assertThat(loop.neglected()).isEqualTo("who awaits one of its Futures elsewhere");
        assertThat(other.neglected()).isNull();
        promise.complete("value");
        assertThat(loops.settle(task)).isEqualTo("value");
        assertThat(loop.neglected()).isNull();
    }
}
