package rill;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import rill.PoolState.Ready;
import rill.testing.Loops;
import rill.testing.TextLines;

/** A pool whose connections live on several loops, each driven by its own thread, called from everywhere. */
class PoolGroupTest {
    private static final InetSocketAddress ANY = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    private static final ClientProtocol<String, String> ASKING =
            ClientProtocol.inOrder(TextLines.pipeline()).idempotent(request -> request.startsWith("get"));

    private final Loops loops = Loops.realTime();
    private final Loop server = loops.open().start();
    private final List<Connection<String, String>> accepted = new CopyOnWriteArrayList<>();
    private LoopGroup group;
    private Listener listener;

    @BeforeEach
    void open() throws IOException {
        group = LoopGroup.open(
                4,
                LoopOptions.defaults()
                        .transport(loops.transport())
                        .reporter(loops.reporter())
                        .name("member")
                        .slowHandle(Duration.ZERO));
        listener = server.listen(ANY, TextLines.pipeline(), connection -> {
                    accepted.add(connection);
                    connection.onFailure(failure -> {}).onMessage(line -> connection.write("answer to " + line));
                })
                .await();
    }

    @AfterEach
    void close() {
        group.close(Duration.ofSeconds(1));
        loops.close();
    }

    private Pool<String, String> pool(int connections) {
        Pool<String, String> pool =
                group.pool(listener.address(), ASKING, PoolOptions.defaults().connections(connections));
        Await.until("all are connected", () -> pool.state().equals(new Ready(connections)));
        return pool;
    }

    private static Set<Loop> loopsOf(Pool<?, ?> pool) {
        Set<Loop> all = ConcurrentHashMap.newKeySet();
        for (var each : pool.ready().clients) {
            all.add(each.loop());
        }
        return all;
    }

    @Test
    void the_connections_are_spread_over_the_loops() throws IOException {
        Pool<String, String> pool = pool(4);
        assertThat(loopsOf(pool)).hasSize(4);
        assertThat(pool.loop()).isSameAs(group.loops().getFirst());
        pool.finish().await();
    }

    /** A client whose request waits in the group, on a loop without the pool, until {@link #goOn}. */
    private final class Waiting {
        private final CompletableFuture<Void> goOn = new CompletableFuture<>();
        private final CompletableFuture<Loop> busy = new CompletableFuture<>();
        final Future<String> answer;

        Waiting(Pool<String, String> pool) throws Exception {
            Listener front = group.serve(ANY, TextLines.pipeline(), request -> {
                        busy.complete(Loop.current());
                        return Future.from(goOn).flatMap(nothing -> pool.call("get " + request));
                    })
                    .await();
            answer = server.connect(front.address(), ASKING).flatMap(client -> client.call("x"));
            assertThat(busy.get(20, TimeUnit.SECONDS)).isNotSameAs(pool.loop());
        }

        /** Begins to close the group; returns once all of its loops are about to close. */
        Outside<@Nullable Void> closeGroup() throws IOException {
            Outside<@Nullable Void> closer = Outside.start(() -> {
                group.close(Duration.ofSeconds(20));
                return null;
            });
            for (Loop each : group.loops()) {
                Await.until("it closes", () -> each.closing().hasBegun());
                each.submit(() -> {}).await();
            }
            return closer;
        }

        void goOn() {
            goOn.complete(null);
        }
    }

    @Test
    void a_request_in_progress_while_the_group_closes_can_use_a_pool_of_an_idle_loop() throws Exception {
        var waiting = new Waiting(pool(1));
        Outside<@Nullable Void> closer = waiting.closeGroup();
        waiting.goOn();
        assertThat(waiting.answer.await()).isEqualTo("answer to get x");
        closer.result();
    }

    @Test
    void meanwhile_the_pool_connects_again() throws Exception {
        var waiting = new Waiting(pool(1));
        Outside<@Nullable Void> closer = waiting.closeGroup();
        accepted.getLast().abort();
        Await.until("its connection is lost", () -> accepted.size() == 2);
        waiting.goOn();
        assertThat(waiting.answer.await()).isEqualTo("answer to get x");
        closer.result();
    }

    @Test
    void a_loop_that_has_closed_before_keeps_no_other_from_leaving() throws Exception {
        Pool<String, String> pool = pool(2);
        group.loops().getLast().close(Duration.ofSeconds(20));
        group.close(Duration.ofDays(1));
        assertThat(pool.state()).isInstanceOf(PoolState.Closed.class);
    }

    @Test
    void a_loop_whose_selector_breaks_gets_no_connection_again() throws Exception {
        Pool<String, String> pool = pool(4);
        Loop broken = group.loops().get(2);
        loops.transport().selectors().get(1 + 2).breakWith(new IOException("on purpose"));
        Await.until("it is closed", broken::isClosed);
        Await.until(
                "its connection is replaced",
                () -> pool.state().equals(new Ready(4)) && !loopsOf(pool).contains(broken));
        assertThat(pool.metrics().connectsFailed()).isZero();
        pool.finish().await();
        loops.reporter().take(Report.Thrown.class);
    }

    @Test
    void a_call_made_on_a_loop_prefers_the_connection_there() throws IOException {
        Pool<String, String> pool = pool(4);
        for (Loop each : group.loops()) {
            assertThat(each.submit(() -> pool.choose().loop()).await()).isSameAs(each);
        }
        pool.finish().await();
    }

    @Test
    void calls_from_many_threads_are_all_answered_though_connections_are_lost_all_the_time() throws Exception {
        Pool<String, String> pool = pool(4);
        var threads = new ArrayList<Outside<Integer>>();
        for (int t = 0; t < 4; t++) {
            int number = t;
            threads.add(Outside.start(() -> {
                int answered = 0;
                for (int i = 0; i < 400; i++) {
                    String request = "get " + number + "-" + i;
                    try {
                        assertThat(pool.call(request).await()).isEqualTo("answer to " + request);
                        answered++;
                    } catch (CallFailedException outOfBudget) {
                        assertThat(outOfBudget.fate()).isEqualTo(CallFailedException.Fate.PERHAPS_CARRIED_OUT);
                    }
                    if (number == 0 && i % 40 == 39) {
                        accepted.getLast().abort();
                    }
                }
                return answered;
            }));
        }
        int answered = 0;
        for (var each : threads) {
            answered += each.result();
        }
        assertThat(answered).isGreaterThan(1_500);
        Await.until("all are connected again", () -> pool.state().equals(new Ready(4)));
        assertThat(loopsOf(pool)).hasSize(4);
        pool.finish().await();
        assertThat(group.loops())
                .allSatisfy(each -> Await.until("no connection is left", () -> each.connections() == 0));
    }

    @Test
    void a_loop_of_the_group_that_closes_takes_its_connections_with_it_and_others_are_made_elsewhere()
            throws IOException {
        Pool<String, String> pool = pool(4);
        Loop closing = group.loops().getLast();
        closing.close(Duration.ofSeconds(1));
        Await.until(
                "all are connected again",
                () -> pool.state().equals(new Ready(4)) && !loopsOf(pool).contains(closing));
        for (int i = 0; i < 20; i++) {
            assertThat(pool.call("get " + i).await()).isEqualTo("answer to get " + i);
        }
        pool.finish().await();
    }

    @Test
    void the_pool_is_closed_with_its_own_loop_and_every_call_is_settled() throws IOException {
        Pool<String, String> pool = pool(4);
        Future<?> gone = pool.closed();
        group.loops().getFirst().close(Duration.ofSeconds(1));
        assertThat(gone.isDone()).isTrue();
        Future<String> late = pool.call("get");
        assertThat(late.failure()).isInstanceOf(CallFailedException.class);
        assertThat(group.loops())
                .allSatisfy(each -> Await.until("no connection is left", () -> each.connections() == 0));
    }

    @Test
    void a_cancelled_call_that_had_moved_to_another_loop_is_freed_there() throws Exception {
        Pool<String, String> pool = pool(2);
        server.submit(() -> accepted.forEach(each -> each.onFailure(failure -> {})))
                .await();
        listener.close();
        server.submit(() -> List.copyOf(accepted).forEach(Connection::abort)).await();
        Await.until("nothing is connected", () -> pool.state() instanceof PoolState.Failing);
        var calls = new ArrayList<Future<String>>();
        for (int i = 0; i < 50; i++) {
            calls.add(pool.call("get"));
        }
        calls.forEach(Future::cancel);
        Await.until("nothing waits", () -> waiting(pool) == 0);
        pool.close();
        pool.closed().await();
    }

    private static int waiting(Pool<?, ?> pool) {
        try {
            return pool.loop().submit(() -> pool.members().waiting()).await();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
