package rill.transport.uring;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The kernel refuses something again and again, or may still work for a ring that is closed. */
class BusyKernelTest {
    private static final long PATIENCE_SECONDS = 60;

    @TempDir
    private static Path directory;

    private static String said;

    @BeforeAll
    static void ask() throws Exception {
        said = Interposed.run(BusyKernelMain.class, directory, PATIENCE_SECONDS);
    }

    @Test
    void while_it_takes_no_requests_the_loop_asks_now_and_then() {
        assertThat(said).containsPattern("(?m)^enters while none was taken: \\d{1,3}$");
    }

    @Test
    void a_send_that_it_has_no_memory_for_fails() {
        assertThat(said).containsPattern("(?m)^without room: failed after 1 requests: .*No buffer space available");
    }

    @Test
    void a_send_that_it_does_not_take_now_is_made_again_once_there_is_room() {
        assertThat(said).containsPattern("(?m)^not now: flushed after [4-9] requests$");
    }

    @Test
    void a_connection_that_it_goes_on_to_make_after_an_interruption_is_waited_for() {
        assertThat(said).contains("connected after 1 requests").doesNotContain("not connected");
    }

    @Test
    void what_may_be_carried_out_after_another_thread_has_closed_the_ring_finds_nothing_to_do() {
        assertThat(said).contains("closed by another thread: shut down 1, read 1");
    }

    @Test
    void a_close_does_not_wait_for_an_answer_that_was_lost() {
        assertThat(said).containsPattern("(?m)^closed without an answer: cancelled \\d times$");
    }
}
