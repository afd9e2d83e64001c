package rill.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import rill.testkit.CodecHarness;
import rill.testkit.Leaks;

/** What has come of a message before a violation, or before the end, counts when splits are compared. */
@ExtendWith(Leaks.class)
class JoinedTest {
    private static CodecHarness.Outcome outcome(String name, String input) {
        Target target = Targets.named(name);
        return CodecHarness.decode(target.codec(), target.whole(CodecHarness.ascii(input)));
    }

    @Test
    void a_violation_names_the_body_before_it() {
        assertThat(outcome("http-chunked", "5\r\nhello\r\nx").violation()).contains("; after ", "body=hello");
        assertThat(outcome("http-chunked", "5\r\nhel").violation()).contains("; after ", "body=hel");
        assertThat(outcome("http-chunked", "0\r\n\r\nx\r\n\r\n").violation()).doesNotContain("; after ");
    }

    @Test
    void a_body_without_a_length_is_whole_at_the_end() {
        assertThat(outcome("http-response", "HTTP/1.1 200 OK\r\n\r\nhello").messages())
                .singleElement()
                .asString()
                .contains("body=hello", "whole=true");
    }
}
