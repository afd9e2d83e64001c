package rill.transport.epoll;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import rill.transport.epoll.linux.Errno;

/** Rare errors of system calls, and how they are reported. */
@Tag("slow")
class RareErrorsTest {
    private static final long PATIENCE_SECONDS = 60;

    private static List<String> said;

    @BeforeAll
    static void run(@TempDir Path directory) throws Exception {
        said = Interposed.run(RareErrorsMain.class, directory, PATIENCE_SECONDS)
                .lines()
                .toList();
    }

    @Test
    void any_refusal_of_epoll_pwait2_is_answered_by_waiting_in_milliseconds() {
        assertThat(said)
                .contains("WAITED in spite of " + Errno.EOPNOTSUPP)
                .contains("WAITED in spite of " + Errno.EACCES)
                .contains("WAITED in spite of " + Errno.ENOSYS)
                .contains("WAITED in spite of " + Errno.EPERM);
    }

    @Test
    void the_timeout_of_an_established_connection_is_no_failure_to_connect() {
        assertThat(said)
                .anySatisfy(line -> assertThat(line)
                        .startsWith("READ java.net.SocketException: read from ")
                        .endsWith("Connection timed out"));
    }

    @Test
    void a_family_that_the_system_has_not_is_named_with_what_to_do() {
        assertThat(said.stream().filter(line -> line.startsWith("NO FAMILY")))
                .hasSize(2)
                .allSatisfy(line -> assertThat(line)
                        .contains("java.net.SocketException", "no IPv6", "IPv4")
                        .contains("0:0:0:0:0:0:0:1"));
    }
}
