package rill.transport.sim;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import rill.Loop;
import rill.LoopMetrics;
import rill.testkit.Leaks;

/** What loops count in virtual time. */
@ExtendWith(Leaks.class)
class SimMetricsTest {
    private static LoopMetrics counted(long seed) throws IOException {
        try (var sim = Simulation.seed(seed)) {
            sim.host("server", Echo::serve);
            Loop loop = sim.host("client").loop("main");
            return loop.run(() -> {
                var connection = Echo.connect(loop).await();
                for (int n = 0; n < 10; n++) {
                    assertThat(Echo.say(connection, "message " + n)).isEqualTo("message " + n);
                    loop.delay(Duration.ofMinutes(6)).await();
                }
                connection.close();
                connection.closed().await();
                return loop.metrics();
            });
        }
    }

    @Test
    void the_same_seed_counts_the_same_and_time_is_virtual() throws IOException {
        LoopMetrics all = counted(7);
        assertThat(counted(7)).isEqualTo(all);
        assertThat(all.traffic().bytesSent()).isEqualTo(90);
        assertThat(all.traffic().bytesReceived()).isEqualTo(90);
        assertThat(all.traffic().reads()).isPositive();
        assertThat(all.traffic().writes()).isPositive();
        assertThat(all.connections().open()).isZero();
        assertThat(all.timers().run()).isGreaterThanOrEqualTo(10);
        assertThat(all.work().busy()).as("of an hour, in which nobody is busy").isLessThan(Duration.ofSeconds(1));
        assertThat(all.work().tasks()).as("the one that asks").isEqualTo(1);
    }
}
