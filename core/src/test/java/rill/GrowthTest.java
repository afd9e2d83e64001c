package rill;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import rill.testing.Loops;
import rill.testing.ScarceMemory;
import rill.testing.TextLines;

/** Each operation leaves as much behind after a hundred thousand times as after ten thousand: nothing. */
@Tag("slow")
class GrowthTest {
    private static final int FEW = 10_000;
    private static final int MANY = 100_000;

    /** A few bytes for each repetition would exceed this. */
    private static final long NOISE = 400_000;

    /** The operations that are repeated, on two loops in a time of their own. */
    private static final class Scene implements AutoCloseable {
        final ScarceMemory memory = new ScarceMemory();
        final Loops loops = Loops.manual();
        final Loop near;
        final Loop far;
        final Promise<Integer> signal;
        final Future<Integer> patient;
        final ArrayDeque<Connection<String, String>> accepted = new ArrayDeque<>();
        final Listener listener;

        Scene() {
            loops.transport().memory(memory);
            near = loops.open();
            far = loops.open();
            signal = far.promise();
            patient = signal.map(value -> value); // so that the signal is not cancelled
            listener = loops.settle(far.listen(
                    new InetSocketAddress("localhost", 0),
                    TextLines.pipeline(),
                    connection -> accepted.add(connection.onFailure(failure -> {}))));
        }

        void settle() {
            int[] left = {3};
            loops.tickUntil(() -> left[0]-- == 0);
        }

        /** Ends a connection in one of many ways. Anything under way or unread at that moment is lost, and reported. */
        void connectAndEnd(int n) {
            Connection<String, String> connection =
                    loops.settle(near.connect(listener.address(), TextLines.pipeline()));
            connection.onFailure(failure -> {});
            loops.tickUntil(() -> !accepted.isEmpty());
            Connection<String, String> peer = accepted.remove();
            connection.write("from here");
            peer.write("from there");
            Future<String> pending = n % 3 == 0 ? connection.receive() : null;
            switch (n % 8) {
                case 0 -> connection.close();
                case 1 -> peer.close();
                case 2 -> connection.abort();
                case 3 -> peer.abort();
                case 4 -> {
                    connection.shutdownOutput();
                    peer.onMessage(message -> {});
                    connection.close();
                }
                case 5 -> {
                    peer.pause();
                    connection.close();
                    peer.closed().cancel();
                    peer.abort();
                }
                case 6 ->
                    peer.onMessage(message -> {
                        throw new IllegalStateException("on purpose");
                    });
                default -> {
                    connection.closed().timeout(Duration.ofHours(1)).cancel();
                    peer.become(TextLines.pipeline()).abort();
                }
            }
            settle();
            connection.abort();
            peer.abort();
            loops.tickUntil(() -> connection.closed().isDone() && peer.closed().isDone());
            if (pending != null) {
                pending.failure(); // or the message
            }
        }

        long entries() {
            return (long) near.crossLoopFutures().size()
                    + far.crossLoopFutures().size()
                    + signal.waiting()
                    + near.connections()
                    + far.connections();
        }

        @Override
        public void close() {
            signal.complete(0);
            settle();
            assertThat(patient.isDone()).isTrue();
            loops.reporter().take(Report.Unobserved.class);
            loops.close();
        }
    }

    private interface Deed {
        void run(Scene scene, int n) throws IOException;
    }

    private static final Map<String, Deed> DEEDS = new TreeMap<>(Map.of(
            "connections that end in each way", Scene::connectAndEnd,
            "any across loops",
                    (scene, n) -> {
                        Promise<Integer> mine = scene.near.promise();
                        Future<Integer> first = Future.any(mine, scene.far.<Integer>promise(), scene.signal);
                        if (n % 2 == 0) {
                            mine.complete(n);
                            scene.settle();
                        } else {
                            first.cancel();
                        }
                    },
            "awaits that are cancelled",
                    (scene, n) -> {
                        Task<Integer> task = (n % 2 == 0 ? scene.near : scene.far).task(scene.signal::await);
                        if (n % 3 != 0) {
                            scene.settle();
                        }
                        task.cancel();
                        scene.settle();
                    },
            "timeouts of one Future",
                    (scene, n) -> {
                        Future<Integer> timed = scene.signal.timeout(Duration.ofMillis(n % 2 == 0 ? 1 : 3_600_000));
                        if (n % 2 == 0) {
                            scene.loops.clock().advance(Duration.ofMillis(1));
                            scene.settle();
                            assertThat(timed.failure()).isInstanceOf(DeadlineException.class);
                        } else {
                            timed.cancel();
                        }
                    },
            "all, map, recover, copy, stages of one Future",
                    (scene, n) -> {
                        Future<?> derived = switch (n % 5) {
                            case 0 -> Future.all(scene.signal, scene.near.<Integer>promise());
                            case 1 -> scene.signal.map(value -> value);
                            case 2 -> scene.signal.recover(failure -> 0);
                            case 3 -> scene.signal.copy();
                            default -> scene.signal.flatMap(value -> scene.signal);
                        };
                        derived.cancel();
                        scene.signal.toCompletableFuture().cancel(false);
                    },
            "timers that are cancelled, and bursts of Handles",
                    (scene, n) -> {
                        scene.near.schedule(Duration.ofHours(1), () -> {}).cancel();
                        scene.far.execute(() -> {});
                        if (n % 5_000 == 0) {
                            scene.settle();
                        }
                    },
            "failures that somebody looks at",
                    (scene, n) -> {
                        Promise<Integer> failing = scene.near.promise();
                        failing.fail(new IOException("on purpose"));
                        scene.settle();
                        assertThat(failing.failure()).isNotNull();
                    },
            "listeners that close",
                    (scene, n) -> {
                        Listener listener = scene.loops.settle(scene.near.listen(
                                new InetSocketAddress("localhost", 0), TextLines.pipeline(), connection -> {}));
                        listener.close();
                        scene.settle();
                    }));

    static Stream<String> deeds() {
        return DEEDS.keySet().stream();
    }

    @ParameterizedTest
    @MethodSource("deeds")
    @Timeout(120) // quadratic time would exceed this
    void leaves_nothing(String deed) throws IOException {
        try (var scene = new Scene()) {
            long entries = scene.entries();
            repeat(deed, scene, FEW);
            long heapBefore = alive();
            long memoryBefore = scene.memory.bytesOut();
            repeat(deed, scene, MANY);
            assertThat(scene.entries()).as("entries").isEqualTo(entries);
            assertThat(scene.memory.bytesOut()).as("memory outside the heap").isLessThanOrEqualTo(memoryBefore);
            Await.until("the heap has not grown since " + heapBefore, () -> alive() < heapBefore + NOISE);
        }
    }

    private static void repeat(String deed, Scene scene, int times) throws IOException {
        Deed done = DEEDS.get(deed);
        for (int n = 0; n < times; n++) {
            done.run(scene, n);
        }
        scene.loops.clock().advance(Duration.ofMinutes(1));
        scene.settle();
    }

    private static long alive() {
        List<Long> seen = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            System.gc();
            seen.add(Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory());
        }
        return seen.stream().mapToLong(Long::longValue).min().orElseThrow();
    }
}
