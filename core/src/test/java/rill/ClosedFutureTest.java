package rill;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import org.junit.jupiter.api.Test;
import rill.testing.TextLines;

/**
 * {@code closed()} returns a Future of the caller's own: whatever one caller does with it, the others are notified exactly when the connection goes.
 */
class ClosedFutureTest {
    @Test
    void one_users_any_or_timeout_does_not_cancel_it_for_others() throws IOException {
        try (var rig = new Rig<>(TextLines.pipeline())) {
            var others = new ArrayList<Future<Void>>();
            rig.onLoop(() -> {
                Connection<String, String> connection = rig.connection();
                others.add(connection.closed());
                Future<?> first = Future.any(connection.receive(), connection.closed());
                first.onDone((line, failure) -> assertThat(line).isEqualTo("line"));
                connection.closed().cancel();
                var _ = connection.closed().timeout(Duration.ofSeconds(1)).onDone((value, failure) -> {});
                others.add(connection.closed());
            });
            rig.arrives("line\n");
            rig.passes(Duration.ofSeconds(1));

            others.add(rig.connection().closed());
            assertThat(others).noneMatch(Future::isDone);
            rig.onLoop(() -> rig.connection().abort());
            rig.settle();
            assertThat(others).allMatch(each -> each.isDone() && each.failure() == null);
            assertThat(rig.connection().closed().isDone()).isTrue();
        }
    }

    @Test
    void asking_for_it_often_and_giving_it_up_leaves_nothing() throws IOException {
        try (var rig = new Rig<>(TextLines.pipeline())) {
            rig.onLoop(() -> {
                for (int i = 0; i < 40_000; i++) {
                    rig.connection().closed().cancel();
                }
            });
            Future<Void> last = rig.connection().closed();
            assertThat(rig.link.audience().waitingForClosed()).isEqualTo(1);
            assertThat(last.isDone()).isFalse();
        }
    }

    @Test
    void nobody_who_did_not_ask_pays_for_it() throws IOException {
        try (var rig = new Rig<>(TextLines.pipeline())) {
            rig.arrives("line\n");
            assertThat(rig.link.audience().waitingForClosed()).isZero();
        }
    }

    @Test
    void it_is_done_and_nothing_else_when_the_loop_closes() throws IOException {
        var rig = new Rig<>(TextLines.pipeline());
        Future<Void> before = rig.connection().closed();
        rig.loop.close(Duration.ZERO);
        rig.reports.clear(); // the survivor

        assertThat(before.isDone()).isTrue();
        assertThat(before.failure()).isNull();
        assertThat(rig.connection().closed().isDone()).isTrue();
        assertThat(rig.connection().closed().failure()).isNull();
    }
}
