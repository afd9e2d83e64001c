package rill;

import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import rill.testing.Loops;

/** Random programs over {@link Graph}s of Futures. */
@Tag("slow")
class RandomGraphTest {
    private static final int PROGRAMS = Integer.getInteger("rill.graphs", 3_000);
    private static final int STEPS = 60;

    private final long first = Long.getLong("rill.seed", new SecureRandom().nextLong());

    private interface Program {
        Graph run(long seed, Loops loops, List<Graph> made);
    }

    private void forSeeds(int programs, Program program) {
        for (long seed = first; seed < first + programs; seed++) {
            var made = new ArrayList<Graph>();
            try (var loops = Loops.manual()) {
                program.run(seed, loops, made);
                loops.clock().advance(Duration.ofSeconds(1));
                loops.reporter().take(Report.Unobserved.class);
                loops.reporter().take(Report.Survivors.class);
            } catch (AssertionError | RuntimeException e) {
                throw new AssertionError(
                        "seed " + seed + " (again: -Drill.graphs=1 -Drill.seed=" + seed + "): " + e.getMessage() + "\n"
                                + String.join("\n", made.getFirst().program()),
                        e);
            }
        }
    }

    private static void rest(Loops loops) {
        int[] ticks = {8};
        loops.tickUntil(() -> ticks[0]-- == 0);
    }

    @Test
    void on_one_loop_in_a_time_of_its_own() {
        forSeeds(PROGRAMS, (seed, loops, made) -> {
            var graph = new Graph(seed, List.of(loops.open()), false);
            made.add(graph);
            var random = new Random(seed);
            for (int i = 0; i < STEPS; i++) {
                graph.step();
                if (random.nextInt(3) == 0) {
                    loops.clock().advance(Duration.ofMillis(random.nextInt(2)));
                    rest(loops);
                    graph.checkAtRest();
                }
            }
            end(graph, loops);
            return graph;
        });
    }

    /** Two loops that take turns: what is on its way from one to the other may wait for any length of time. */
    @Test
    void on_two_loops_that_take_turns_at_random() {
        forSeeds(PROGRAMS, (seed, loops, made) -> {
            var both = List.of(loops.open(), loops.open());
            var graph = new Graph(seed, both, false);
            made.add(graph);
            var random = new Random(seed);
            for (int i = 0; i < STEPS; i++) {
                graph.step();
                if (random.nextInt(3) == 0) {
                    loops.clock().advance(Duration.ofMillis(random.nextInt(2)));
                    both.get(random.nextInt(2)).tick();
                }
            }
            end(graph, loops);
            return graph;
        });
    }

    private static void end(Graph graph, Loops loops) {
        graph.settleAll();
        rest(loops);
        loops.clock().advance(Duration.ofSeconds(1));
        loops.tickUntil(graph::allDone);
        rest(loops);
        graph.checkAtEnd();
        graph.lookAtAll();
    }

    @Test
    void on_two_loops_with_threads_of_their_own() {
        forSeeds(PROGRAMS / 5, (seed, loops, made) -> {
            var both = List.of(loops.open(), loops.open());
            both.forEach(Loop::start);
            var graph = new Graph(seed, both, true);
            made.add(graph);
            var random = new Random(seed);
            for (int i = 0; i < STEPS; i++) {
                if (random.nextInt(4) == 0) {
                    loops.clock().advance(Duration.ofMillis(random.nextInt(2)));
                }
                for (int spin = random.nextInt(100); spin > 0; spin--) {
                    Thread.onSpinWait();
                }
                graph.step();
            }
            graph.settleAll();
            loops.clock().advance(Duration.ofSeconds(1));
            Await.until("all is done", () -> {
                loops.clock().advance(Duration.ofSeconds(1));
                return graph.allDone();
            });
            rest(both);
            graph.checkAtEnd();
            graph.lookAtAll();
            return graph;
        });
    }

    /** Waits until the loops have done all they were given, and all they have given each other. */
    private static void rest(List<Loop> both) {
        for (int i = 0; i < 4; i++) {
            for (Loop loop : both) {
                Future<Integer> done = loop.submit(() -> 1);
                Await.until("it has run", done::isDone);
            }
        }
    }
}
