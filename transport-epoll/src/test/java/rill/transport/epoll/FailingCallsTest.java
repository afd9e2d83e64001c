package rill.transport.epoll;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Each system call fails once, with each error in its manual page that a correct caller can get. */
@Tag("slow")
class FailingCallsTest {
    private static final long PATIENCE_SECONDS = 300;

    @Test
    void a_system_call_that_fails_harms_at_most_what_it_was_made_for(@TempDir Path directory) throws Exception {
        assertThat(Interposed.run(FailingCallsMain.class, directory, PATIENCE_SECONDS))
                .doesNotContain("not called at all")
                .containsPattern("(?m)^[3-9]\\d\\d runs, [3-9]\\d\\d with a failure, 0 violations$");
    }
}
