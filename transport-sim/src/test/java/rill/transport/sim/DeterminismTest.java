package rill.transport.sim;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import rill.Future;
import rill.Loop;
import rill.LoopOptions;
import rill.TaskEngine;
import rill.testkit.Leaks;

/** One seed, one run. */
@ExtendWith(Leaks.class)
class DeterminismTest {
    private static String hash(long seed, TaskEngine engine) {
        try (var sim = Simulation.seed(seed)) {
            talk(sim, engine);
            return sim.traceHash();
        }
    }

    /** Some clients talk for a minute, whatever happens to them. */
    static void talk(Simulation sim, TaskEngine engine) {
        sim.host("server", Echo::serve);
        for (int i = 0; i < 3; i++) {
            sim.host("client" + i, host -> {
                Loop loop = host.loop(
                        LoopOptions.defaults().taskEngine(engine).name("main").reporter(report -> {}));
                loop.task("talk", () -> talk(loop));
            });
        }
        sim.inject(Faults.swarm());
        sim.run(Duration.ofMinutes(1));
    }

    private static String talk(Loop loop) throws IOException {
        while (true) {
            try {
                var connection = Echo.connect(loop).await();
                while (true) {
                    Future<String> answer = loop.task("say", () -> Echo.say(connection, "hello"));
                    answer.timeout(Duration.ofSeconds(1 + loop.random().nextInt(5)))
                            .await();
                    loop.promise()
                            .timeout(Duration.ofMillis(100))
                            .recover(late -> null)
                            .await();
                }
            } catch (IOException e) {
                loop.promise()
                        .timeout(Duration.ofSeconds(1))
                        .recover(late -> null)
                        .await();
            }
        }
    }

    @Test
    void equal_seeds_give_equal_runs_and_different_ones_different_runs() {
        String first = hash(1, TaskEngine.best());
        assertThat(hash(1, TaskEngine.best())).isEqualTo(first);
        assertThat(hash(2, TaskEngine.best())).isNotEqualTo(first);
    }

    @Test
    void both_engines_give_the_same_run() {
        assertThat(hash(3, TaskEngine.HANDED_OVER)).isEqualTo(hash(3, TaskEngine.MOUNTED));
    }
}
