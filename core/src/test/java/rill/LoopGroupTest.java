package rill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import rill.spi.Environment;
import rill.spi.Selector;
import rill.spi.Transport;
import rill.testing.Loops;
import rill.testing.MemorySelector;
import rill.testing.MemoryTransport;
import rill.testing.TextLines;

/** What becomes of a group when one of its loops ends. */
class LoopGroupTest {
    private static final InetSocketAddress ANY = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    private static final ClientProtocol<String, String> ASKING = ClientProtocol.inOrder(TextLines.pipeline());

    private final Loops loops = Loops.realTime();
    private final Loop outside = loops.open().start();
    private final List<String> notes = new CopyOnWriteArrayList<>();
    private LoopGroup group;

    @AfterEach
    void close() {
        if (group != null) {
            group.close(Duration.ZERO);
        }
        loops.reporter().take(Report.ConnectionFailed.class); // of clients connected when a loop was cut off
        loops.close();
    }

    private LoopOptions options() {
        return LoopOptions.defaults()
                .transport(loops.transport())
                .reporter(report -> {
                    loops.reporter().report(report);
                    if (report instanceof Report.Note note) {
                        notes.add(note.message());
                    }
                })
                .name("member")
                .slowHandle(Duration.ZERO);
    }

    private Listener serveByName(int size) throws IOException {
        group = LoopGroup.open(size, options());
        return group.serve(
                        ANY,
                        TextLines.pipeline(),
                        line -> Future.of(Loop.current().name()))
                .await();
    }

    /** The names of the loops that answer this many new clients, which stay connected. */
    private Set<String> whoAnswers(Listener server, int clients) throws IOException {
        var names = new HashSet<String>();
        for (int i = 0; i < clients; i++) {
            Client<String, String> client =
                    outside.connect(server.address(), ASKING).await();
            names.add(client.call("who").timeout(Duration.ofSeconds(20)).await());
        }
        return names;
    }

    private MemorySelector selectorOf(int member) {
        return loops.transport().selectors().get(1 + member); // the first is that of the loop outside
    }

    @Test
    void a_loop_that_has_ended_takes_no_more_connections_from_its_group() throws Exception {
        Listener server = serveByName(3);
        group.loops().get(1).close(Duration.ZERO);

        assertThat(whoAnswers(server, 6)).containsExactlyInAnyOrder("member-1", "member-3");
        assertThat(group.next()).isNotSameAs(group.loops().get(1));
    }

    @Test
    void a_loop_whose_selector_breaks_takes_no_more_connections_from_its_group() throws Exception {
        Listener server = serveByName(3);
        selectorOf(2).breakWith(new IOException("on purpose"));
        loops.reporter().await(Report.Thrown.class);
        Await.until("it is closed", group.loops().get(2)::isClosed);

        assertThat(whoAnswers(server, 6)).containsExactlyInAnyOrder("member-1", "member-2");
    }

    @Test
    void when_the_loop_that_listens_ends_another_one_listens_at_the_same_address() throws Exception {
        Listener server = serveByName(3);
        group.loops().get(0).close(Duration.ZERO);
        awaitSomebodyWhoListensAt(server);
        assertThat(whoAnswers(server, 4)).containsExactlyInAnyOrder("member-2", "member-3");

        selectorOf(1).breakWith(new IOException("on purpose"));
        loops.reporter().await(Report.Thrown.class);
        Await.until("it is closed", group.loops().get(1)::isClosed);
        awaitSomebodyWhoListensAt(server);
        assertThat(whoAnswers(server, 4)).containsExactly("member-3");

        server.close();
        Await.until("nobody listens any more", () -> !listens(server));
        group.loops().get(2).close(Duration.ZERO);
        assertThatThrownBy(() -> group.next()).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void a_listener_that_is_paused_stays_so_where_it_moves() throws Exception {
        Listener server = serveByName(2);
        server.pause();
        group.loops().get(0).close(Duration.ZERO);
        Await.until("it has moved", () -> notes.stream().anyMatch(note -> note.contains("has moved here")));
        Future<Client<String, String>> client = outside.connect(server.address(), ASKING);
        group.loops().get(1).submit(() -> "ticks").await();
        outside.submit(() -> "ticks").await();
        assertThat(client.isDone()).isFalse();

        server.resume();

        assertThat(client.await().call("who").await()).isEqualTo("member-2");
    }

    @Test
    void a_group_that_closes_moves_no_listener() throws Exception {
        Listener server = serveByName(3);
        group.close(Duration.ofSeconds(5));
        assertThat(listens(server)).isFalse();
        assertThatThrownBy(() -> group.next()).isInstanceOf(IllegalStateException.class);
    }

    private boolean listens(Listener server) {
        try {
            outside.connect(server.address(), TextLines.pipeline())
                    .await()
                    .abort()
                    .await();
            return true;
        } catch (IOException refused) {
            return false;
        }
    }

    /** Holds the loop in a Handle that ends with the returned latch; returns once that Handle runs. */
    private static CountDownLatch hold(Loop loop) throws Exception {
        var held = new CountDownLatch(1);
        var goOn = new CountDownLatch(1);
        loop.execute(() -> {
            held.countDown();
            Await.latchUninterruptibly(goOn);
        });
        Await.latch(held);
        return goOn;
    }

    private void awaitSomebodyWhoListensAt(Listener server) {
        Await.until("somebody listens", () -> listens(server));
    }

    @Test
    void a_connection_on_its_way_to_a_loop_that_begins_to_close_goes_to_another_and_is_counted_right()
            throws Exception {
        Listener server = serveByName(2);
        whoAnswers(server, 1); // the first has one: the next goes to the second
        Loop second = group.loops().get(1);
        CountDownLatch goOn = hold(second);
        Future<String> answer = outside.connect(server.address(), ASKING).flatMap(connected -> connected.call("who"));
        Await.until("it is on its way to the second", () -> second.connections() == 1);

        var closing = Outside.start(() -> {
            second.close(Duration.ofSeconds(20));
            return true;
        });
        Await.until("it closes", () -> second.closing().hasBegun());
        goOn.countDown();

        assertThat(answer.timeout(Duration.ofSeconds(20)).await()).isEqualTo("member-1");
        assertThat(closing.result()).isTrue();
        assertThat(second.connections()).isZero();
        assertThat(group.loops().get(0).connections()).isEqualTo(2);
        outside.close(Duration.ZERO);
        Await.until("all are gone", () -> group.loops().get(0).connections() == 0);
    }

    @Test
    void a_connection_that_came_to_a_loop_just_before_that_ended_takes_no_place_any_more() throws Exception {
        for (boolean breaks : new boolean[] {true, false}) {
            group = LoopGroup.open(2, options());
            int selectors = loops.transport().selectors().size();
            Listener server = group.serve(
                            ANY, TextLines.pipeline(), ListenOptions.defaults().connections(2), Future::of)
                    .await();
            whoAnswers(server, 1); // the first has one: the next goes to the second
            Loop second = group.loops().get(1);
            CountDownLatch goOn = hold(second);
            Future<Client<String, String>> lost = outside.connect(server.address(), ASKING);
            Await.until("it is on its way to the second", () -> second.connections() == 1);
            second.execute(
                    () -> { // when it is open there, but that was not reported yet
                        if (breaks) {
                            loops.transport().selectors().get(selectors - 1).breakWith(new IOException("on purpose"));
                        } else {
                            second.closing().start(Duration.ZERO);
                            second.execute(() -> {});
                        }
                    });
            goOn.countDown();
            Await.until("it is closed", second::ended);

            assertThat(second.connections()).isZero();
            assertThat(whoAnswers(server, 1)).hasSize(1);
            lost.onDone((client, failure) -> {});
            group.close(Duration.ZERO);
            loops.reporter().take(Report.AcceptPaused.class);
            loops.reporter().take(Report.Thrown.class);
            loops.reporter().take(Report.Survivors.class);
        }
    }

    @Test
    void a_connection_that_no_loop_takes_is_closed() throws Exception {
        Listener server = serveByName(1);
        Loop only = group.loops().get(0);
        CountDownLatch goOn = hold(only);
        var clients = new ArrayList<Future<Client<String, String>>>();
        for (int i = 0; i < 3; i++) {
            clients.add(outside.connect(server.address(), ASKING));
        }
        var closing = Outside.start(() -> {
            group.close(Duration.ofSeconds(20));
            return true;
        });
        goOn.countDown();

        assertThat(closing.result()).isTrue();
        for (Future<Client<String, String>> each : clients) {
            try {
                each.await().closed().await();
            } catch (IOException refused) {
                // Also correct.
            }
        }
        assertThat(only.connections()).isZero();
    }

    @Test
    void a_group_that_can_not_be_opened_leaves_no_loop_open() throws Exception {
        var transport = new MemoryTransport();
        LoopOptions options = options().transport(new Transport() {
            @Override
            public String name() {
                return transport.name();
            }

            @Override
            public int preference() {
                return transport.preference();
            }

            @Override
            public Environment environment() {
                return transport.environment();
            }

            @Override
            public Selector open(Supplier<ByteBuf> receiveBuffer) throws IOException {
                if (transport.selectors().size() == 2) {
                    transport.failOpen(new IOException("on purpose"));
                }
                return transport.open(receiveBuffer);
            }
        });
        assertThatThrownBy(() -> LoopGroup.open(3, options)).hasMessageContaining("on purpose");
        List<MemorySelector> opened = transport.selectors();
        assertThat(opened).hasSize(2).allMatch(MemorySelector::isClosed);
    }

    @Test
    void a_listener_that_moves_to_a_loop_which_begins_to_close_goes_on_to_the_next() {
        try (var rig = Loops.manual()) {
            Loop a = rig.open();
            Loop b = rig.open();
            Loop c = rig.open();
            Loop client = rig.open();
            Spread spread = () -> {
                for (Loop each : List.of(a, b, c)) {
                    if (!each.closing().hasBegun()) {
                        if (each == b) {
                            b.closing().start(Duration.ofHours(1)); // by another thread, before it is handed over
                        }
                        return each;
                    }
                }
                return null;
            };
            Listener listener = rig.settle(Listener.open(a, ANY, ListenOptions.defaults(), spread, link -> {}));

            a.closing().start(Duration.ofHours(1));
            rig.tickUntil(() -> a.isClosed() && b.isClosed() && !c.tick());

            assertThat(listener.isOpen()).isTrue();
            rig.settle(client.connect(listener.address(), Pipeline.bytes()));
            rig.reporter().take(Report.Note.class);
        }
    }

    @Test
    void a_listener_that_is_closed_while_it_is_followed_on_other_loops_leaves_nobody_who_listens() {
        try (var rig = Loops.manual()) {
            Loop a = rig.open();
            Loop b = rig.open();
            ListenOptions options = ListenOptions.defaults();
            Listener leader = rig.settle(Listener.open(a, ANY, options, Spread.onto(a), link -> {}));
            Future<Listener> all = leader.followedBy(List.of(b), link -> {});
            leader.close(); // the following listener does not exist yet
            a.tick();

            rig.settle(all);

            Future<?> connected = a.connect(leader.address(), Pipeline.bytes());
            assertThat(rig.failureOf(connected)).isInstanceOf(IOException.class);
        }
    }

    @Test
    void a_connection_that_its_loop_could_not_be_given_is_refused_and_that_is_reported() {
        try (var rig = Loops.manual()) {
            var driver = new Refusing();
            LoopGroup driven = driver.openGroup(rig, 2);
            Loop client = rig.open();
            Listener server = settle(driven, driven.listen(ANY, Pipeline.bytes(), each -> each.onMessage(bytes -> {})));
            List<Future<Connection<ByteBuf, ByteBuf>>> two = List.of(
                    client.connect(server.address(), Pipeline.bytes()),
                    client.connect(server.address(), Pipeline.bytes()));
            driver.refuses = Refusing.ALWAYS;
            for (int i = 0; i < 20; i++) {
                client.tick();
                driven.loops().forEach(Loop::tick);
            }
            driver.refuses = 0;

            assertThat(two.stream().filter(each -> each.failure() != null)).hasSize(1);
            assertThat(rig.reporter().take(Report.Thrown.class))
                    .singleElement()
                    .satisfies(each -> assertThat(each.cause()).hasMessage("on purpose"));
            driven.close(Duration.ZERO);
            rig.reporter().take(Report.ConnectionFailed.class);
        }
    }

    private static <T> T settle(LoopGroup driven, Future<T> future) {
        for (int n = 0; n < 100 && !future.isDone(); n++) {
            driven.loops().forEach(Loop::tick);
        }
        return future.result();
    }

    /** Closes the first of two loops by hand, while nothing happens on the second one. */
    private static void closesAlone(LoopGroup two) {
        two.loops().getFirst().closing().start(Duration.ZERO);
        ticksUntilClosed(two.loops().getFirst());
    }

    private static void ticksUntilClosed(Loop loop) {
        for (int n = 0; n < 20 && !loop.isClosed(); n++) {
            loop.tick();
        }
        assertThat(loop.isClosed()).isTrue();
    }

    @Test
    void a_listener_is_open_while_it_moves_from_a_loop_that_ends_to_another_one() {
        try (var rig = Loops.manual()) {
            LoopGroup driven = new Refusing().openGroup(rig, 2);
            Listener server = settle(driven, driven.listen(ANY, Pipeline.bytes(), each -> {}));

            closesAlone(driven);

            assertThat(server.isOpen()).isTrue();
            driven.loops().getLast().tick();
            assertThat(server.isOpen()).isTrue();
            driven.close(Duration.ZERO);
            assertThat(server.isOpen()).isFalse();
        }
    }

    @Test
    void a_listener_that_can_move_nowhere_is_closed_and_that_is_reported() {
        try (var rig = Loops.manual()) {
            LoopGroup driven = new Refusing().openGroup(rig, 2);
            Loop other = rig.open();
            Listener server = settle(driven, driven.listen(ANY, Pipeline.bytes(), each -> {}));
            closesAlone(driven);
            rig.settle(other.listen(server.address(), Pipeline.bytes(), each -> {}));
            for (int n = 0; n < 200; n++) {
                assertThat(rig.reporter().reports().isEmpty()).isEqualTo(server.isOpen());
                rig.clock().advance(Duration.ofMillis(100));
                driven.loops().getLast().tick();
            }

            assertThat(server.isOpen()).isFalse();
            assertThat(rig.reporter().take(Report.Thrown.class))
                    .singleElement()
                    .satisfies(
                            each -> assertThat(each.message()).contains("moving here of listener", "already in use"));
            driven.close(Duration.ZERO);
        }
    }

    @Test
    void a_connection_is_made_on_the_loop_that_asks_for_it_and_otherwise_on_the_emptiest() throws IOException {
        Listener server =
                outside.serve(ANY, TextLines.pipeline(), outside::done).await();
        group = LoopGroup.open(2, options());
        Loop one = group.loops().getFirst();
        Loop two = group.loops().getLast();
        assertThat(group.connect(server.address(), TextLines.pipeline()).await().loop())
                .isSameAs(one);
        assertThat(group.connect("127.0.0.1", server.port(), ASKING).await().loop())
                .isSameAs(two);
        List<Loop> itsOwn = two.task(() -> List.of(
                        group.connect(server.address(), TextLines.pipeline())
                                .await()
                                .loop(),
                        group.connect(server.address(), ASKING).await().loop()))
                .await();
        assertThat(itsOwn).containsOnly(two);
        assertThat(outside.task(() ->
                                group.connect(server.address(), ASKING).await().loop())
                        .await())
                .as("on a loop that is not of the group")
                .isSameAs(one);

        one.close(Duration.ZERO);

        assertThat(group.connect(server.address(), TextLines.pipeline()).await().loop())
                .isSameAs(two);
    }

    @Test
    void a_listener_that_could_not_be_told_to_move_is_closed_and_that_is_reported() {
        try (var rig = Loops.manual()) {
            var driver = new Refusing();
            LoopGroup driven = driver.openGroup(rig, 2);
            Listener server = settle(driven, driven.listen(ANY, Pipeline.bytes(), each -> {}));
            driven.loops().getFirst().closing().start(Duration.ZERO);
            driver.refuses = Refusing.ALWAYS;

            ticksUntilClosed(driven.loops().getFirst());

            driver.refuses = 0;
            assertThat(server.isOpen()).isFalse();
            assertThat(rig.reporter().take(Report.Thrown.class)).hasSize(1);
            driven.close(Duration.ZERO);
        }
    }

    @Test
    void a_loop_that_could_not_be_told_to_close_keeps_no_other_of_its_group_from_it() {
        try (var rig = Loops.manual()) {
            var driver = new Refusing();
            LoopGroup driven = driver.openGroup(rig, 3);
            driver.refuses = 1;

            driven.close(Duration.ofHours(1));

            assertThat(driven.loops()).allMatch(Loop::isClosed);
            assertThat(rig.reporter().take(Report.Thrown.class)).hasSize(1);
        }
    }
}
