package rill.transport.uring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import rill.Connection;
import rill.Future;
import rill.Listener;
import rill.Loop;
import rill.LoopGroup;
import rill.LoopOptions;
import rill.Pipeline;
import rill.Report;
import rill.TaskEngine;
import rill.testing.TextLines;
import rill.testkit.Leaks;

/** A loop whose transport keeps the driver belongs to one thread. */
@ExtendWith(Leaks.class)
class DriverTest {
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final Pipeline<String, String> LINES = TextLines.pipeline();

    private final ConcurrentLinkedQueue<Report> reports = new ConcurrentLinkedQueue<>();
    private final List<Loop> loops = new ArrayList<>();

    private LoopOptions options() {
        return LoopOptions.defaults()
                .transport(new UringTransport())
                .slowHandle(Duration.ZERO)
                .reporter(reports::add);
    }

    private Loop loop() throws IOException {
        Loop loop = Loop.open(options());
        loops.add(loop);
        return loop;
    }

    @AfterEach
    void close() {
        loops.forEach(Loop::close);
    }

    private static InetSocketAddress anyPort() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    }

    private static String echo(Loop loop) throws IOException {
        Listener server = loop.serve(anyPort(), LINES, Future::of).await();
        Connection<String, String> connection =
                loop.connect(server.address(), LINES).await();
        connection.write("round and round");
        String answer = connection.receive().await();
        connection.finish().await();
        server.close();
        return answer;
    }

    private static <T> T onAnotherThread(boolean virtual, Callable<T> body) throws Exception {
        var task = new FutureTask<T>(body);
        Thread thread =
                virtual ? Thread.ofVirtual().start(task) : Thread.ofPlatform().start(task);
        thread.join();
        try {
            return task.get();
        } catch (java.util.concurrent.ExecutionException e) {
            throw e.getCause() instanceof Exception cause ? cause : e;
        }
    }

    @Test
    void a_loop_with_a_thread_of_its_own_serves_every_other_thread() throws Exception {
        Loop loop = loop().start();
        assertThat(loop.task(() -> echo(loop)).await()).isEqualTo("round and round");
        for (boolean virtual : new boolean[] {false, true}) {
            assertThat(onAnotherThread(
                            virtual, () -> loop.task(() -> echo(loop)).await()))
                    .isEqualTo("round and round");
        }
    }

    @ParameterizedTest
    @EnumSource(TaskEngine.class)
    void a_task_may_do_everything_whatever_thread_carries_it(TaskEngine engine) throws Exception {
        try (Loop loop = Loop.open(options().taskEngine(engine))) {
            for (int i = 0; i < 3; i++) {
                assertThat(loop.run(() -> echo(loop))).isEqualTo("round and round");
            }
        }
    }

    @Test
    void one_thread_may_drive_again_and_again_in_whatever_way() throws Exception {
        Loop loop = loop();
        assertThat(loop.run(() -> echo(loop))).isEqualTo("round and round");
        assertThat(echo(loop)).as("driven by await").isEqualTo("round and round");
        loop.tick();
        assertThat(loop.run(() -> echo(loop))).isEqualTo("round and round");
    }

    @Test
    void a_second_thread_is_told_whose_the_loop_is_and_what_to_do() throws Exception {
        Loop loop = loop();
        assertThat(loop.run(() -> 1)).isEqualTo(1);
        List<Callable<?>> ways = List.of(
                () -> loop.run(() -> 2), loop::tick, () -> loop.promise().await(), loop::start);
        for (boolean virtual : new boolean[] {false, true}) {
            for (Callable<?> way : ways) {
                if (!virtual || way != ways.get(1)) { // a virtual thread can't tick in any case
                    assertThatThrownBy(() -> onAnotherThread(virtual, way))
                            .isInstanceOf(IllegalStateException.class)
                            .hasMessageContaining("on uring belongs to the first thread that drove it, thread main")
                            .hasMessageContaining("begin with start()");
                }
            }
        }
        assertThat(loop.run(() -> echo(loop))).as("and nothing has come of it").isEqualTo("round and round");
        assertThat(reports).allMatch(Report.Note.class::isInstance);
    }

    @ParameterizedTest
    @org.junit.jupiter.params.provider.ValueSource(booleans = {false, true})
    void whoever_closes_a_loop_that_is_anothers_ends_what_there_is(boolean virtual) throws Exception {
        Loop loop = loop();
        Listener server =
                loop.run(() -> loop.serve(anyPort(), LINES, Future::of).await());
        Connection<String, String> connection = loop.run(() -> {
            Connection<String, String> made =
                    loop.connect(server.address(), LINES).await();
            made.write("x");
            assertThat(made.receive().await()).isEqualTo("x");
            return made;
        });
        onAnotherThread(virtual, () -> {
            loop.close();
            return true;
        });
        assertThat(loop.isClosed()).isTrue();
        assertThat(connection.closed().isDone()).isTrue();
    }

    @Test
    void a_loop_whose_thread_was_stopped_can_be_closed_by_another() throws Exception {
        Loop loop = loop().start();
        Listener server = loop.serve(anyPort(), LINES, Future::of).await();
        assertThat(server.address()).isNotNull();
        loop.stop();
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (loop.task(() -> true).cancel() && isDriven(loop) && System.nanoTime() < deadline) {
            Thread.onSpinWait();
        }
        loop.close();
        assertThat(loop.isClosed()).isTrue();
    }

    /** The loop is not driven once the thread with its name is gone. */
    private static boolean isDriven(Loop loop) {
        return Thread.getAllStackTraces().keySet().stream()
                .anyMatch(each -> each.getName().equals(loop.name()));
    }

    @Test
    void a_group_has_a_thread_for_each_loop_and_spreads_connections_over_them() throws Exception {
        var options = LoopOptions.defaults().transport(new UringTransport());
        try (LoopGroup group = LoopGroup.open(2, options)) {
            Listener server = group.serve(anyPort(), LINES, Future::of).await();
            var connections = new ArrayList<Connection<String, String>>();
            Loop client = loop().start();
            for (int i = 0; i < 8; i++) {
                Connection<String, String> connection =
                        client.connect(server.address(), LINES).await();
                String line = "line " + i;
                connection.write(line);
                assertThat(client.task(() -> connection.receive().await()).await())
                        .isEqualTo(line);
                connections.add(connection);
            }
            assertThat(group.loops())
                    .allSatisfy(each -> assertThat(each.connections()).isEqualTo(4));
            for (Connection<String, String> each : connections) {
                each.finish().await();
            }
        }
    }
}
