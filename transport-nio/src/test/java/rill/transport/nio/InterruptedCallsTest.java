package rill.transport.nio;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import rill.testkit.Leaks;

/** Errors that the kernel returns rarely, injected by strace: the loop continues; at most the affected connection fails. */
@Tag("slow")
@ExtendWith(Leaks.class)
class InterruptedCallsTest {
    private static Child disturbed;

    @BeforeAll
    static void onlyWithStrace() throws Exception {
        boolean works = false;
        try {
            Process probe = new ProcessBuilder("strace", "-f", "-qq", "-e", "trace=none", "true")
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            works = probe.waitFor(20, TimeUnit.SECONDS) && probe.exitValue() == 0;
        } catch (IOException notInstalled) {
            // Reported below.
        }
        Assumptions.assumeTrue(works, "strace is not installed or not allowed here");
        running();
    }

    @ParameterizedTest(name = "{0} {1}")
    @CsvSource({
        "EINTR, 'read,readv,recvfrom', 2+3",
        "EAGAIN, 'read,readv,recvfrom', 2+3",
        "EINTR, 'write,writev,sendto,sendmsg', 2+3",
        "EAGAIN, 'write,writev,sendto,sendmsg', 2+3",
        "EINTR, 'epoll_wait,epoll_pwait,epoll_pwait2', 2+3",
        "EINTR, 'accept,accept4', 1+2",
        "ECONNABORTED, 'accept,accept4', 1+2",
        "EPROTO, 'accept,accept4', 1+3",
        "EPERM, 'accept,accept4', 1+3",
        "ENETDOWN, 'accept,accept4', 1+3",
        "EHOSTUNREACH, 'accept,accept4', 1+3"
    })
    void goes_unnoticed(String error, String calls, String when) throws Exception {
        String result = run(error, calls, when);
        assertThat(result).isEqualTo("DONE answered=200 failed=0 paused=0");
    }

    @ParameterizedTest(name = "{0} {1}")
    @CsvSource({
        "ENOBUFS, 'write,writev,sendto,sendmsg', 20+60",
        "ENOBUFS, 'read,readv,recvfrom', 20+60",
        "ECONNRESET, 'read,readv,recvfrom', 20+60"
    })
    void fails_the_connections_concerned_and_no_other(String error, String calls, String when) throws Exception {
        String result = run(error, calls, when);
        assertThat(result).matches("DONE answered=\\d+ failed=[1-9]\\d* paused=0");
        assertThat(result).doesNotContain("answered=0 ");
    }

    @ParameterizedTest(name = "{0} {1}")
    @CsvSource({"EMFILE, 'accept,accept4', 2+50", "ENFILE, 'accept,accept4', 2+50", "ENOMEM, 'accept,accept4', 2+50"})
    void pauses_accepting_and_goes_on(String error, String calls, String when) throws Exception {
        String result = run(error, calls, when);
        assertThat(result).matches("DONE answered=200 failed=0 paused=[1-9]\\d*");
    }

    /** One child serves all tests, since it takes long to load what it needs; a child that a test has spoiled is replaced. */
    private static String run(String error, String calls, String when) throws Exception {
        Child child = running();
        boolean good = false;
        try (var strace = Child.command(
                "strace",
                "-f",
                "-p",
                String.valueOf(child.pid()),
                "-o",
                "/dev/null",
                "-e",
                "trace=" + calls,
                "-e",
                "inject=" + calls + ":error=" + error + ":when=" + when)) {
            strace.expect("strace: Process " + child.pid() + " attached");
            child.tell("go");
            String result = child.expect("DONE");
            strace.stop();
            good = true;
            return result;
        } finally {
            if (!good) {
                child.close();
                disturbed = null;
            }
        }
    }

    private static Child running() throws IOException {
        if (disturbed == null) {
            disturbed = Child.java("", InterruptedCallsMain.class);
            disturbed.expect("READY");
        }
        return disturbed;
    }

    @AfterAll
    static void it_has_ended_well() throws Exception {
        if (disturbed != null) {
            try (var child = disturbed) {
                child.tell("end");
                child.finish();
            }
        }
    }
}
