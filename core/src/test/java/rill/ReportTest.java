package rill;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The wording of reports. */
class ReportTest {
    private static StackTraceElement frame(String type, String method) {
        return new StackTraceElement(type, method, null, 1);
    }

    @Test
    void a_slow_handle_is_shown_by_a_few_frames_the_users_first() {
        var stack = new ArrayList<StackTraceElement>();
        stack.add(frame("java.lang.Thread", "sleep"));
        for (int i = 0; i < 30; i++) {
            stack.add(frame("java.util.Stream", "step" + i));
        }
        stack.add(frame("com.example.Shop", "price"));
        stack.add(frame("com.example.Shop", "answer"));
        for (int i = 0; i < 20; i++) {
            stack.add(frame("rill.Inbound", "decode" + i));
        }
        var report = new Report.Slow("loop-1", "an event", Duration.ofMillis(120), List.copyOf(stack));

        List<String> lines = report.message().lines().toList();

        assertThat(lines).hasSize(13);
        assertThat(lines.getFirst()).isEqualTo("loop-1: an event has held the loop for more than 120 ms");
        assertThat(lines.get(1)).contains("com.example.Shop.price");
        assertThat(lines.get(2)).contains("com.example.Shop.answer");
        assertThat(lines.get(4)).contains("java.lang.Thread.sleep");
        assertThat(lines.getLast()).contains("43 more frames");
        assertThat(report.stack()).hasSize(53);
    }

    @Test
    void a_slow_handle_without_frames_of_the_user_is_shown_by_the_innermost_ones() {
        var stack = List.of(frame("java.lang.Thread", "sleep"), frame("rill.Tick", "run"));
        var report = new Report.Slow("loop-1", "an event", Duration.ofMillis(120), stack);

        assertThat(report.message().lines()).hasSize(3).last().asString().contains("rill.Tick.run");
    }
}
