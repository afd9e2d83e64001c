package rill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import rill.testing.Loops;

/** {@link Loop#report}, with which code that calls other people's code reports what nobody else hears of. */
class ReportingTest {
    private final Loops loops = Loops.manual();
    private final IOException cause = new IOException("disk full");

    @AfterEach
    void close() {
        loops.close();
    }

    private Report.Thrown taken() {
        List<Report.Thrown> taken = loops.reporter().take(Report.Thrown.class);
        assertThat(taken).hasSize(1);
        return taken.getFirst();
    }

    @Test
    void what_code_on_a_loop_reports_is_told_at_once_with_its_name_and_its_cause() {
        Loop loop = loops.open();
        var seen = new ArrayList<Report>();
        loop.execute(() -> {
            loop.report("the access log", cause);
            seen.addAll(loops.reporter().reports());
        });
        loop.tick();
        assertThat(seen).containsExactly(new Report.Thrown(loop.name(), "the access log", cause));
        assertThat(taken().message()).isEqualTo(loop.name() + ": the access log threw java.io.IOException: disk full");
    }

    @Test
    void what_another_thread_reports_is_told_on_the_loop() throws Exception {
        var told = new AtomicReference<Loop>();
        Loop loop = loops.open(options -> options.reporter(report -> told.set(Loop.current())));
        Thread.ofPlatform().start(() -> loop.report("a worker", cause)).join();
        assertThat(told).hasNullValue();
        loop.tick();
        assertThat(told).hasValue(loop);
    }

    @Test
    void what_waits_to_be_told_when_the_loop_closes_and_what_comes_later_is_not_lost() {
        Loop loop = loops.open();
        loop.report("before", cause);
        assertThat(loops.reporter().reports()).isEmpty();
        loop.close(Duration.ZERO);
        assertThat(taken().what()).isEqualTo("before");
        loop.report("after", cause);
        assertThat(taken().what()).isEqualTo("after");
    }

    @Test
    void a_reporter_that_throws_does_no_harm_to_who_reports() {
        Loop loop = loops.open(options -> options.reporter(report -> {
            throw new IllegalStateException("a reporter that throws");
        }));
        var went = new ArrayList<String>();
        loop.execute(() -> {
            loop.report("something", cause);
            went.add("on");
        });
        loop.tick();
        assertThat(went).containsExactly("on");
    }

    @Test
    void a_report_of_nothing_is_the_callers_mistake() {
        Loop loop = loops.open();
        assertThatThrownBy(() -> loop.report(null, cause)).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> loop.report("something", null)).isInstanceOf(NullPointerException.class);
    }
}
