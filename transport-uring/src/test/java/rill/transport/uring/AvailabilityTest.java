package rill.transport.uring;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is reported where the kernel does not permit or does not have io_uring, and what is used instead. */
@Tag("slow")
class AvailabilityTest {
    private static final long PATIENCE_SECONDS = 60;

    private static List<String> said;

    @BeforeAll
    static void run(@TempDir Path directory) throws Exception {
        said = Interposed.run(AvailabilityMain.class, directory, PATIENCE_SECONDS)
                .lines()
                .toList();
    }

    private static String of(String what) {
        return said.stream()
                .filter(line -> line.startsWith(what + ": "))
                .findFirst()
                .orElseThrow(() -> new AssertionError("nothing was said of " + what + ": " + said));
    }

    @Test
    void a_call_that_is_forbidden_is_told_with_who_forbids_it() {
        assertThat(of("forbidden"))
                .contains("the system refuses to make a ring: Operation not permitted")
                .containsPattern("filter of system calls forbids it|sysctl kernel.io_uring_disabled is [12]");
    }

    @Test
    void an_old_kernel_is_told_by_the_version_that_is_needed_and_its_own() {
        for (String each : List.of("no such call", "no deferred work", "no timeouts", "no buffers")) {
            assertThat(of(each))
                    .contains("Linux 6.1 or later is needed, and this is " + System.getProperty("os.version"));
        }
        assertThat(of("no such call")).contains("Function not implemented");
        assertThat(of("no deferred work")).contains("make a ring: Invalid argument");
        assertThat(of("no timeouts")).contains("a ring that has what is needed");
        assertThat(of("no buffers")).contains("give a ring its buffers: Invalid argument");
    }

    @Test
    void want_of_memory_is_told_with_the_limit_that_may_be_the_cause() {
        for (String each : List.of("no memory", "no map", "no second map", "no third map", "no wake-ups")) {
            assertThat(of(each)).contains("Cannot allocate memory").contains("ulimit -l");
        }
    }

    @Test
    void a_ring_that_can_be_made_and_not_used_is_told() {
        assertThat(of("never enabled")).contains("a ring that was made can't be used: Invalid argument");
    }

    @Test
    void a_ring_that_can_be_used_but_not_for_what_is_needed_is_told() {
        assertThat(of("no receiving")).contains("refuses to receive by a ring");
        assertThat(of("no cancelling")).contains("refuses to cancel what a ring does");
        assertThat(of("no pair of sockets")).contains("refuses to make a pair of sockets");
    }

    @Test
    void where_a_receive_can_not_be_told_when_to_end_each_is_asked_for() {
        assertThat(of("without caps")).endsWith("Kernel[bitwise=true, capped=false]");
    }

    @Test
    void where_a_repeating_receive_can_miss_the_end_each_is_asked_for() {
        assertThat(of("ends that are lost")).endsWith("Kernel[bitwise=true, capped=false]");
    }

    @Test
    void to_be_out_of_descriptors_just_now_is_no_obstacle() {
        assertThat(of("out of descriptors")).endsWith(": available");
    }

    @Test
    void a_trial_leaves_nothing_behind() {
        assertThat(said).noneMatch(line -> !line.startsWith("once") && line.contains("DESCRIPTORS LEFT"));
    }

    @Test
    void pages_may_be_larger() {
        for (int i = 0; i < 5; i++) {
            assertThat(of("with pages of 64 KiB, number " + i)).endsWith(": round and round");
        }
    }

    @Test
    void what_newer_kernels_have_is_done_without() {
        for (String each :
                List.of("all there is", "an array of requests", "waits that count as such", "whole buffers")) {
            assertThat(of("with " + each)).endsWith(": round and round");
        }
    }
}
