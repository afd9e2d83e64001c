package rill.transport.nio;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import rill.testkit.Leaks;

/** EMFILE, caused by a real limit, in a separate process. */
@Tag("slow")
@ExtendWith(Leaks.class)
class DescriptorLimitTest {
    private static final int MOST_SELECTS_IN_HALF_A_SECOND = 100;

    @BeforeEach
    void onlyWithAShell() {
        Assumptions.assumeTrue(Files.isExecutable(Path.of("/bin/bash")), "there is no bash to set a limit with");
    }

    /** In one process, since most of the time goes into loading every class while there are still descriptors for that. */
    @Test
    void emfile_harms_what_asked_for_a_descriptor_alone() throws Exception {
        try (var child = Child.java("ulimit -n 80;", DescriptorLimitMain.class, "use")) {
            accepting_pauses_is_reported_once_does_not_spin_and_goes_on(child);
            to_connect_is_that_connections_failure_and_names_the_address(child);
            a_loop_that_cannot_be_opened_leaves_nothing_open(child);
            child.finish();
            assertThat(child.output()).noneSatisfy(line -> assertThat(line).startsWith("UNEXPECTED"));
        }
    }

    private static void accepting_pauses_is_reported_once_does_not_spin_and_goes_on(Child child) throws IOException {
        String report = child.expect("REPORT");
        assertThat(report).contains("pauses accepting").contains("accept on").contains("Too many open files");
        String selects = child.expect("SELECTS");
        assertThat(Integer.parseInt(selects.substring(8))).isLessThan(MOST_SELECTS_IN_HALF_A_SECOND);
        assertThat(child.expect("REPORTS")).isEqualTo("REPORTS 1");
        child.expect("SERVED 3");
    }

    private static void to_connect_is_that_connections_failure_and_names_the_address(Child child) throws IOException {
        String failure = child.expect("FAILED");
        assertThat(failure)
                .startsWith("FAILED java.net.SocketException: connect to")
                .contains("127.0.0.1:")
                .endsWith("Too many open files");
        child.expect("TIMER");
        child.expect("CONNECTED");
    }

    private static void a_loop_that_cannot_be_opened_leaves_nothing_open(Child child) throws IOException {
        assertThat(child.expect("FAILED")).contains("java.io.IOException").contains("Too many open files");
        child.expect("DESCRIPTORS same");
    }

    @Test
    void without_descriptors_every_report_is_written_all_the_same() throws Exception {
        try (var child = Child.java("ulimit -n 80;", DescriptorLimitMain.class, "report")) {
            child.finish();
            assertThat(child.output())
                    .anySatisfy(line -> assertThat(line).contains("the first mistake"))
                    .anySatisfy(line -> assertThat(line).contains("the second mistake"))
                    .anySatisfy(line -> assertThat(line).isEqualTo("GOES ON"))
                    .noneSatisfy(line -> assertThat(line).contains("the Reporter threw"));
        }
    }
}
