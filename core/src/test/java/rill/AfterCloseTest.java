package rill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.reflect.Modifier;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import rill.testing.Loops;
import rill.testing.TextLines;

/** The whole public API of a loop, and of everything on it, once that loop is closed: one rule for all. */
class AfterCloseTest {
    private static final InetSocketAddress ANY = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final ClientProtocol<String, String> ASKING = ClientProtocol.inOrder(TextLines.pipeline());

    private final Loops loops = Loops.manual();
    private final Map<String, Callable<Future<?>>> givesFuture = new LinkedHashMap<>();
    private final Map<String, Callable<?>> throwsIt = new LinkedHashMap<>();
    private final Map<String, Callable<?>> answers = new LinkedHashMap<>();
    private Loop loop;
    private LoopGroup group;
    private Promise<String> pending;
    private Promise<String> done;

    private interface Nothing {
        void run() throws Exception;
    }

    private static Callable<?> doing(Nothing action) {
        return () -> {
            action.run();
            return "did nothing";
        };
    }

    @BeforeEach
    void useItAndCloseIt() throws Exception {
        loop = loops.open();
        pending = loop.promise();
        done = loop.promise();
        done.complete("value");
        Task<String> task = loop.task(() -> "of a Task");
        Handle timer = loop.schedule(SECOND, () -> {});
        var accepted = new ArrayList<Connection<String, String>>();
        Listener listener = loops.settle(loop.listen(ANY, TextLines.pipeline(), accepted::add));
        Connection<String, String> pulls = loops.settle(loop.connect(listener.address(), TextLines.pipeline()));
        Connection<String, String> unused = loops.settle(loop.connect(listener.address(), TextLines.pipeline()));
        Client<String, String> client = loops.settle(loop.connect(listener.address(), ASKING));
        Pool<String, String> pool = loop.pool(listener.address(), ASKING);
        loops.tickUntil(() -> accepted.size() == 4);
        pulls.receive().cancel();
        loop.close(Duration.ZERO);
        loops.reporter().take(Report.Survivors.class);
        group = LoopGroup.open(
                2, LoopOptions.defaults().transport(loops.transport()).slowHandle(Duration.ZERO));
        group.close(Duration.ZERO);
        rowsOfLoop();
        rowsOfConnection(pulls, unused);
        rowsOfOthers(client, listener, task, timer);
        rowsOfPool(pool);
    }

    @AfterEach
    void closeLoops() {
        loops.close();
    }

    private void rowsOfLoop() {
        givesFuture.put("Loop.submit", () -> loop.submit(() -> 1));
        givesFuture.put("Loop.blocking", () -> loop.blocking(() -> 1));
        givesFuture.put("Loop.task", () -> loop.task(() -> 1));
        givesFuture.put("Loop.delay", () -> loop.delay(SECOND));
        givesFuture.put("Loop.connect", () -> loop.connect(ANY, TextLines.pipeline()));
        givesFuture.put("Loop.connect as a client", () -> loop.connect(ANY, ASKING));
        givesFuture.put("Loop.listen", () -> loop.listen(ANY, TextLines.pipeline(), connection -> {}));
        givesFuture.put("Loop.listenWithTask", () -> loop.listenWithTask(ANY, TextLines.pipeline(), connection -> {}));
        givesFuture.put("Loop.serve", () -> loop.serve(ANY, TextLines.pipeline(), Future::of));
        givesFuture.put("Loop.serveEach", () -> loop.serveEach(ANY, TextLines.pipeline(), peer -> Future::of));
        answers.put("Loop.pool", () -> loop.pool(ANY, ASKING).state());
        givesFuture.put("Pool.call of a new one", () -> loop.pool(ANY, ASKING).call("late"));
        answers.put("Loop.done", () -> settled(loop.done("value")));
        answers.put("Loop.from", () -> settled(loop.from(CompletableFuture.completedFuture("value"))));
        answers.put("Loop.failed", () -> loop.failed(new IOException("why")).failure());
        throwsIt.put("Loop.schedule", () -> loop.schedule(() -> {}));
        throwsIt.put("Loop.schedule later", () -> loop.schedule(SECOND, () -> {}));
        throwsIt.put("Loop.execute", doing(() -> loop.execute(() -> {})));
        throwsIt.put("Loop.run", () -> loop.run(() -> 1));
        throwsIt.put("Loop.start", () -> loop.start());
        throwsIt.put("Loop.tick", () -> loop.tick());
        answers.put("Loop.report", () -> {
            loop.report("what came late", new IOException("why"));
            return loops.reporter().take(Report.Thrown.class).getFirst();
        });
        answers.put("Loop.stop", doing(loop::stop));
        answers.put("Loop.close", doing(loop::close));
        answers.put("Loop.join", doing(loop::join));
        answers.put("Loop.closeOnShutdown", doing(() -> loop.closeOnShutdown(SECOND)));
        answers.put("Loop.isClosed", loop::isClosed);
        answers.put("Loop.promise", loop::promise);
        answers.put("Loop.promise of what must not get lost", () -> loop.promise(unseen -> {}));
        answers.put("Loop.name", loop::name);
        answers.put("Loop.transport", loop::transport);
        answers.put("Loop.taskEngine", loop::taskEngine);
        answers.put("Loop.connections", loop::connections);
        answers.put("Loop.metrics", loop::metrics);
        answers.put("Loop.alive", loop::alive);
        answers.put("Loop.waitingTasks", loop::waitingTasks);
        answers.put("Loop.random", loop::random);
        answers.put("Loop.nanoTime", loop::nanoTime);
        answers.put("Loop.wallClock", loop::wallClock);
        answers.put("Loop.nextTimer", loop::nextTimer);
    }

    private void rowsOfConnection(Connection<String, String> pulls, Connection<String, String> unused) {
        givesFuture.put("Connection.receive", pulls::receive);
        givesFuture.put("Connection.receive for the first time", unused::receive);
        givesFuture.put("Connection.write", () -> pulls.write("late"));
        givesFuture.put("Connection.flush", pulls::flush);
        answers.put("Connection.shutdownOutput", doing(pulls::shutdownOutput));
        answers.put("Connection.close", doing(pulls::close));
        answers.put("Connection.finish", () -> settled(pulls.finish()));
        answers.put("Connection.isOpen", pulls::isOpen);
        answers.put("Connection.abort", () -> settled(pulls.abort()));
        answers.put("Connection.closed", () -> settled(pulls.closed()));
        answers.put("Connection.onFailure", () -> pulls.onFailure(failure -> {}));
        answers.put("Connection.onFinish", () -> pulls.onFinish(() -> {}));
        answers.put("Connection.onFinishing", () -> pulls.onFinishing(() -> {}));
        answers.put("Connection.onMessage", () -> pullsNothing(unused));
        answers.put("Connection.pause", doing(pulls::pause));
        answers.put("Connection.resume", doing(pulls::resume));
        answers.put("Connection.stop", doing(pulls::stop));
        answers.put("Connection.pending", pulls::pending);
        answers.put("Connection.loop", pulls::loop);
        answers.put("Connection.info", () -> pulls.info(String.class));
        answers.put("Connection.localAddress", pulls::localAddress);
        answers.put("Connection.remoteAddress", pulls::remoteAddress);
        throwsIt.put("Connection.option", () -> pulls.option(StandardSocketOptions.TCP_NODELAY));
    }

    private void rowsOfPool(Pool<String, String> pool) {
        givesFuture.put("Pool.call", () -> pool.call("late"));
        givesFuture.put("Pool.call within a time", () -> pool.call("late", SECOND));
        givesFuture.put("Pool.send", () -> pool.send("late"));
        givesFuture.put("Pool.writable", pool::writable);
        answers.put("Pool.close", doing(pool::close));
        answers.put("Pool.isOpen", pool::isOpen);
        answers.put("Pool.finish", () -> settled(pool.finish()));
        answers.put("Pool.closed", () -> settled(pool.closed()));
        answers.put("Pool.state", pool::state);
        answers.put("Pool.metrics", pool::metrics);
        answers.put("Pool.loop", pool::loop);
    }

    private static Object pullsNothing(Connection<String, String> connection) {
        assertThatThrownBy(() -> connection.onMessage(message -> {}))
                .as("read by receive already")
                .isInstanceOf(IllegalStateException.class);
        return "as before";
    }

    private static Object settled(Future<?> future) {
        assertThat(future.isDone()).isTrue();
        assertThat(future.failure()).isNull();
        return future;
    }

    private void rowsOfOthers(Client<String, String> client, Listener listener, Task<String> task, Handle timer) {
        givesFuture.put("Client.call", () -> client.call("late"));
        givesFuture.put("Client.call within a time", () -> client.call("late", SECOND));
        givesFuture.put("Client.send", () -> client.send("late"));
        givesFuture.put("Client.writable", client::writable);
        answers.put("Client.close", doing(client::close));
        answers.put("Client.abort", () -> settled(client.abort()));
        answers.put("Client.onFailure", () -> client.onFailure(failure -> {}));
        answers.put("Client.failure", () -> String.valueOf(client.failure()));
        answers.put("Client.isOpen", client::isOpen);
        answers.put("Client.finish", () -> settled(client.finish()));
        answers.put("Client.closed", () -> settled(client.closed()));
        answers.put("Client.unanswered", client::unanswered);
        answers.put("Client.loop", client::loop);
        answers.put("Client.info", () -> client.info(String.class));
        answers.put("Client.remoteAddress", client::remoteAddress);
        answers.put("Listener.address", listener::address);
        answers.put("Listener.port", listener::port);
        answers.put("Listener.pause", doing(listener::pause));
        answers.put("Listener.resume", doing(listener::resume));
        answers.put("Listener.close", doing(listener::close));
        answers.put("Listener.isOpen", listener::isOpen);
        givesFuture.put("LoopGroup.listen", () -> group.listen(ANY, TextLines.pipeline(), connection -> {}));
        givesFuture.put("LoopGroup.serve", () -> group.serve(ANY, TextLines.pipeline(), Future::of));
        givesFuture.put("LoopGroup.connect", () -> group.connect(ANY, TextLines.pipeline()));
        givesFuture.put("LoopGroup.connect as a client", () -> group.connect(ANY, ASKING));
        throwsIt.put("LoopGroup.next", group::next);
        throwsIt.put("LoopGroup.pool", () -> group.pool(ANY, ASKING, PoolOptions.defaults()));
        answers.put("LoopGroup.loops", group::loops);
        answers.put("LoopGroup.metrics", group::metrics);
        answers.put("LoopGroup.close", doing(group::close));
        answers.put("LoopGroup.join", doing(group::join));
        answers.put("LoopGroup.closeOnShutdown", doing(() -> group.closeOnShutdown(SECOND)));
        answers.put("Handle.cancel", timer::cancel);
        answers.put("Handle.isCancelled", timer::isCancelled);
        answers.put("Handle.name", timer::name);
        givesFuture.put("Future.timeout", () -> pending.timeout(SECOND));
        throwsIt.put("Future.await", () -> pending.await());
        answers.put("Future.timeout of what is done", () -> settled(done.timeout(SECOND)));
        answers.put("Future.await of what is done", done::await);
        answers.put("Future.onDone", () -> pending.onDone((value, failure) -> {}));
        answers.put("Future.cancel", task::cancel);
        answers.put("Future.isDone", task::isDone);
        answers.put("Future.executor", task::executor);
    }

    @Test
    void what_gives_a_future_gives_a_failed_one_that_says_so() throws Exception {
        for (var row : givesFuture.entrySet()) {
            Future<?> future = row.getValue().call();
            assertThat(future.isDone()).as(row.getKey()).isTrue();
            assertThat(future.failure())
                    .as(row.getKey())
                    .isInstanceOfAny(IOException.class, CancelledException.class)
                    .message()
                    .contains("closed");
            if (!row.getKey().startsWith("Connection")
                    && !row.getKey().startsWith("Client")
                    && !row.getKey().startsWith("Pool")) {
                assertThat(future.failure())
                        .as(row.getKey())
                        .isInstanceOf(CancelledException.class)
                        .hasMessageContaining(future.loop.name());
            }
        }
    }

    @Test
    void what_schedules_or_drives_throws_and_what_asks_or_ends_does_not() throws Exception {
        for (var row : throwsIt.entrySet()) {
            assertThatThrownBy(() -> row.getValue().call())
                    .as(row.getKey())
                    .isInstanceOfAny(
                            IllegalStateException.class,
                            RejectedExecutionException.class,
                            CancelledException.class,
                            IOException.class);
        }
        for (var row : answers.entrySet()) {
            if (row.getKey().equals("Connection.onMessage")) {
                givesFuture.get("Connection.receive for the first time").call().failure();
            }
            assertThat(row.getValue().call()).as(row.getKey()).isNotNull();
        }
    }

    /** Public methods that need no row. Future's methods have none at all: deriving one Future from another fails only where it is awaited. */
    private static final Set<String> ELSEWHERE = Set.of(
            "Loop.open",
            "Loop.current",
            "Connection.become",
            "LoopGroup.open",
            "Loop.toString",
            "Connection.toString",
            "Client.toString",
            "Pool.toString",
            "Listener.toString",
            "Handle.toString");

    @Test
    void the_table_has_a_row_for_every_public_method() {
        var rows = new TreeSet<String>();
        for (Map<String, ?> table : List.of(givesFuture, throwsIt, answers)) {
            table.keySet().forEach(row -> rows.add(row.split(" ")[0]));
        }
        var missing = new TreeSet<String>();
        for (Class<?> type : List.of(
                Loop.class,
                BareLoop.class,
                Serving.class,
                Connection.class,
                Client.class,
                Pool.class,
                Listener.class,
                LoopGroup.class,
                Handle.class)) {
            Arrays.stream(type.getDeclaredMethods())
                    .filter(method -> Modifier.isPublic(method.getModifiers()) && !method.isSynthetic())
                    .map(method -> (type == Serving.class || type == BareLoop.class ? "Loop" : type.getSimpleName())
                            + "." + method.getName())
                    .filter(method -> !rows.contains(method) && !ELSEWHERE.contains(method))
                    .forEach(missing::add);
        }
        assertThat(missing).isEmpty();
    }

    @Test
    void what_was_on_its_way_to_the_loop_has_failed_as_well() throws Exception {
        Loop other = loops.open();
        Listener listener = loops.settle(other.listen(ANY, TextLines.pipeline(), connection -> {}));
        Connection<String, String> connection = loops.settle(other.connect(listener.address(), TextLines.pipeline()));
        var onTheirWay = List.of(
                other.submit(() -> 1),
                other.task(() -> 1),
                other.delay(SECOND),
                other.connect(listener.address(), TextLines.pipeline()),
                other.listen(ANY, TextLines.pipeline(), accepted -> {}),
                connection.flush());
        Future<?> waits = other.delay(SECOND);

        other.closeNow();

        assertThat(onTheirWay).allSatisfy(each -> {
            assertThat(each.isDone()).isTrue();
            assertThat(each.failure()).hasMessageContaining("closed");
        });
        assertThat(waits.failure()).isInstanceOf(CancelledException.class);
    }
}
