package rill;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.InterruptedIOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import rill.testing.Faults;
import rill.testing.MemorySelector;
import rill.testing.TextLines;

/** A message, a connection or an answer that arrived too late for its requester: kept for the next one, closed, or released. */
abstract class UntakenTest extends EngineTest {
    private static final InetSocketAddress ANY = new InetSocketAddress("127.0.0.1", 0);
    private static final Duration LONG = Duration.ofHours(1);

    private final List<Connection<String, String>> accepted = new ArrayList<>();
    private MemorySelector selector;
    private Loop far;
    private Listener server;

    /** Client and server are on two loops, so that the client handles what has arrived in one tick of its own. */
    @BeforeEach
    void listen() {
        loop();
        selector = loops.selector();
        far = open();
        server = loops.settle(far.listen(ANY, TextLines.pipeline(), each -> {
            each.onMessage(line -> log.add("from the client: " + line)); // and closes when the client does
            accepted.add(each);
        }));
    }

    private void tick(Loop some, int times) {
        for (int i = 0; i < times; i++) {
            some.tick();
        }
    }

    private Connection<String, String> connect() {
        return loops.settle(loop().connect(server.address(), TextLines.pipeline()));
    }

    private void send(String line) {
        accepted.getFirst().write(line);
        tick(far, 3);
    }

    /** Runs the action in the tick in which something arrives: after it was noticed, and before any notification. */
    private void asItComes(Runnable action) {
        selector.inject(() -> loop().execute(action));
        tick(loop(), 1);
    }

    private void everythingSettles() {
        for (int i = 0; i < 10; i++) {
            tick(loop(), 1);
            tick(far, 1);
        }
    }

    interface Wrapping {
        Future<?> around(Future<?> source, Loop loop);
    }

    static Stream<Arguments> wrappings() {
        return Stream.of(
                wrapping("timeout", (source, loop) -> source.timeout(LONG)),
                wrapping(
                        "timeout of timeout",
                        (source, loop) -> source.timeout(LONG).timeout(LONG)),
                wrapping("map", (source, loop) -> source.map(String::valueOf)),
                wrapping("map of the same", (source, loop) -> source.map(value -> value)),
                wrapping("recover", (source, loop) -> source.map(value -> value).recover(failure -> null)),
                wrapping("flatMap", (source, loop) -> source.flatMap(value -> loop.promise())),
                wrapping("any", (source, loop) -> Future.any(loop.promise(), source)),
                wrapping("all", (source, loop) -> Future.all(source, loop.promise())),
                wrapping("two", (source, loop) -> {
                    source.map(value -> value).cancel();
                    return source.timeout(LONG);
                }));
    }

    private static Arguments wrapping(String name, Wrapping wrapping) {
        return Arguments.of(name, wrapping);
    }

    // ---- messages

    private List<String> receive(Connection<String, String> from, int n) {
        Task<List<String>> task = loop().task(() -> {
            var lines = new ArrayList<String>();
            for (int i = 0; i < n; i++) {
                lines.add(from.receive().await());
            }
            return lines;
        });
        return loops.settle(task);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("wrappings")
    void a_message_whose_receive_was_given_up_as_it_came_is_for_the_next_one(String name, Wrapping wrapping) {
        Connection<String, String> client = connect();
        Future<?> around = wrapping.around(client.receive(), loop());
        tick(loop(), 2);
        send("one");
        asItComes(around::cancel);
        send("two");

        assertThat(receive(client, 2)).containsExactly("one", "two");
    }

    @Test
    void a_message_that_any_had_no_use_for_is_for_the_next_receive() {
        Connection<String, String> client = connect();
        Promise<String> signal = loop().promise();
        Future<String> first = Future.any(client.receive(), signal);
        send("one");
        selector.inject(() -> signal.complete("signal"));
        tick(loop(), 1);
        send("two");

        assertThat(first.result()).isEqualTo("signal");
        assertThat(receive(client, 2)).containsExactly("one", "two");
    }

    @Test
    void a_receive_right_after_one_was_given_up_gets_its_message_and_not_a_later_one() {
        Connection<String, String> client = connect();
        Future<String> limited = client.receive().timeout(LONG);
        tick(loop(), 2);
        send("one");
        send("two");
        asItComes(() -> {
            limited.cancel();
            client.receive().onDone((line, failure) -> log.add(line));
            client.receive().onDone((line, failure) -> log.add(line));
        });
        everythingSettles();

        assertThat(log).containsExactly("one", "two");
    }

    @Test
    void a_message_that_goes_back_is_for_whoever_waits_already() {
        Connection<String, String> client = connect();
        Future<String> limited = client.receive().timeout(LONG);
        client.receive().onDone((line, failure) -> log.add(line));
        tick(loop(), 2);
        send("one");
        asItComes(limited::cancel);
        everythingSettles();

        assertThat(log).containsExactly("one");
    }

    @Test
    void a_task_that_was_cancelled_before_it_awaits_receives_nothing() {
        Connection<String, String> client = connect();
        var self = new Task<?>[1];
        self[0] = loop().task(() -> {
            self[0].cancel();
            return client.receive().await();
        });
        assertThat(loops.failureOf(self[0])).isInstanceOf(CancelledException.class);
        send("one");

        assertThat(receive(client, 1)).containsExactly("one");
    }

    @Test
    void a_task_that_was_cancelled_before_it_awaits_leaves_a_message_that_is_there_to_the_next() {
        Connection<String, String> client = connect();
        Promise<String> pause = loop().promise();
        var self = new Task<?>[1];
        self[0] = loop().task(() -> {
            Future<String> first = client.receive();
            pause.await();
            self[0].cancel();
            return first.await();
        });
        tick(loop(), 2);
        send("one");
        tick(loop(), 2);
        pause.complete("go on");
        assertThat(loops.failureOf(self[0])).isInstanceOf(CancelledException.class);
        send("two");

        assertThat(receive(client, 2)).containsExactly("one", "two");
    }

    @Test
    void a_task_cancelled_as_its_message_comes_still_gets_it() {
        Connection<String, String> client = connect();
        Task<String> task = loop().task(() -> client.receive().await());
        tick(loop(), 2);
        send("one");
        asItComes(task::cancel);

        assertThat(loops.settle(task)).isEqualTo("one");
    }

    @Test
    void a_task_of_another_loop_that_was_cancelled_leaves_the_message_to_the_next() {
        Connection<String, String> client = connect();
        Future<String> next = client.receive();
        Task<String> task = far.task(next::await);
        tick(far, 2);
        task.cancel();
        tick(far, 2); // it was notified before
        send("one");

        assertThat(next.isCancelled()).isTrue();
        assertThat(receive(client, 1)).containsExactly("one");
    }

    @Test
    void a_message_for_a_task_that_a_closed_loop_left_behind_is_for_the_next_receive() {
        Connection<String, String> client = connect();
        Loop other = open();
        Future<String> next = client.receive();
        Task<String> task = other.task(() -> {
            try {
                return other.<String>promise().await();
            } finally {
                log.add("cleans up with " + next.await());
            }
        });
        tick(other, 2);
        other.close(Duration.ZERO);
        assertThat(loops.reporter().take(Report.Survivors.class)).hasSize(1);
        send("one");
        tick(loop(), 2);

        assertThat(task.isDone()).isFalse();
        assertThat(receive(client, 1)).containsExactly("one");
        assertThat(log).isEmpty();
    }

    @Test
    void a_thread_outside_that_is_interrupted_leaves_the_message_to_the_next() throws Exception {
        Connection<String, String> client = connect();
        Future<String> next = client.receive();
        var waiter = Outside.start(next::await);
        Await.until("it drives", () -> loop().driving().driven());
        waiter.thread().interrupt();
        assertThat(waiter.failure()).isInstanceOf(InterruptedIOException.class);
        Await.until("nobody drives", () -> !loop().driving().driven());
        send("one");

        assertThat(next.isCancelled()).isTrue();
        assertThat(receive(client, 1)).containsExactly("one");
    }

    /** Bytes unchanged; remembers the messages. */
    private static Pipeline<ByteBuf, ByteBuf> remembering(List<ByteBuf> messages) {
        return Pipeline.of(Codec.of(
                (in, context) -> {
                    ByteBuf message = in.readBytes(in.readableBytes());
                    messages.add(message);
                    return message;
                },
                (message, out) -> out.writeBytes(message)));
    }

    @Test
    void a_message_that_is_kept_when_the_connection_goes_is_released() throws Exception {
        var messages = new ArrayList<ByteBuf>();
        try (var rig = new Rig<>(remembering(messages))) {
            rig.onLoop(() -> {
                Future<ByteBuf> late = rig.connection().receive().timeout(LONG);
                rig.loop.execute(late::cancel);
            });
            rig.arrives("to be kept");
            rig.settle();
            assertThat(messages)
                    .singleElement()
                    .satisfies(kept -> assertThat(kept.refCnt()).isEqualTo(1));
            rig.onLoop(() -> rig.connection().abort());
            rig.settle();
            assertThat(messages.getFirst().refCnt()).isZero();
        }
    }

    @Test
    void a_message_that_goes_back_after_the_connection_has_gone_is_released() throws Exception {
        var messages = new ArrayList<ByteBuf>();
        try (var rig = new Rig<>(remembering(messages))) {
            var received = new ArrayList<Future<ByteBuf>>();
            rig.onLoop(() -> received.add(rig.connection().receive()));
            rig.arrives("nobody has looked yet");
            rig.onLoop(() -> rig.connection().abort());
            rig.settle();
            assertThat(messages.getFirst().refCnt()).isEqualTo(1);
            rig.onLoop(() -> received.getFirst().timeout(LONG).cancel());
            rig.settle();
            assertThat(messages.getFirst().refCnt()).isZero();
            assertThat(received.getFirst().isCancelled()).isTrue();
        }
    }

    // ---- connections

    private void expectConnections(int n) {
        everythingSettles();
        assertThat(loop().connections()).isEqualTo(n);
        assertThat(far.connections()).isEqualTo(n);
        accepted.forEach(Connection::close);
        everythingSettles();
    }

    /** Accepts connections before the client looks. */
    private void accept() {
        tick(loop(), 1);
        tick(far, 3);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("wrappings")
    void a_connection_that_was_given_up_as_it_came_is_closed(String name, Wrapping wrapping) {
        Future<?> around = wrapping.around(loop().connect(server.address(), TextLines.pipeline()), loop());
        accept();
        asItComes(around::cancel);

        assertThat(around.isCancelled()).isTrue();
        expectConnections(0);
    }

    @Test
    void of_two_connections_that_come_at_once_any_closes_the_second() {
        Future<Connection<String, String>> first = Future.any(
                loop().connect(server.address(), TextLines.pipeline()),
                loop().connect(server.address(), TextLines.pipeline()));
        accept();
        assertThat(loops.settle(first).loop()).isSameAs(loop());
        expectConnections(1);
    }

    @Test
    void of_two_connections_that_are_there_already_any_closes_the_second() {
        var one = loop().connect(server.address(), TextLines.pipeline());
        var two = loop().connect(server.address(), TextLines.pipeline());
        accept();
        tick(loop(), 3);
        assertThat(one.isDone() && two.isDone()).isTrue();

        assertThat(loops.settle(Future.any(one, two))).isSameAs(one.result());
        assertThat(two.isCancelled()).isTrue();
        expectConnections(1);
    }

    @Test
    void of_two_connections_that_somebody_has_seen_any_closes_none() {
        var one = loop().connect(server.address(), TextLines.pipeline());
        var two = loop().connect(server.address(), TextLines.pipeline());
        accept();
        tick(loop(), 3);
        assertThat(two.result()).isNotNull();

        assertThat(loops.settle(Future.any(one, two))).isSameAs(one.result());
        expectConnections(2);
    }

    @Test
    void all_closes_what_has_connected_when_another_is_refused() {
        var connecting = loop().connect(server.address(), TextLines.pipeline());
        accept();
        loops.transport().nextConnection(Faults.refused());
        var refused = loop().connect(server.address(), TextLines.pipeline());
        Future<?> all = Future.all(connecting, refused);

        assertThat(loops.failureOf(all)).hasMessageContaining("refused");
        expectConnections(0);
    }

    @Test
    void all_closes_what_has_connected_when_it_is_cancelled_or_its_deadline_passes() {
        for (boolean cancel : new boolean[] {true, false}) {
            Future<?> all = Future.all(loop().connect(server.address(), TextLines.pipeline()), loop().promise())
                    .timeout(LONG);
            accept();
            tick(loop(), 3);
            assertThat(loop().connections()).isEqualTo(1);
            if (cancel) {
                all.cancel();
            } else {
                loops.clock().advance(LONG);
            }
            everythingSettles();
            assertThat(all.failure()).isNotNull();
            assertThat(loop().connections()).isZero();
        }
        expectConnections(0);
    }

    @Test
    void a_list_of_connections_that_nobody_took_is_closed_whole() {
        Future<?> all = Future.all(
                loop().connect(server.address(), TextLines.pipeline()),
                loop().connect(server.address(), TextLines.pipeline()));
        Future<?> limited = all.timeout(LONG);
        accept();
        asItComes(limited::cancel);

        expectConnections(0);
    }

    @Test
    void a_timeout_on_another_loop_closes_the_connection_that_came_too_late() {
        var connecting = loop().connect(server.address(), TextLines.pipeline());
        Loop other = open();
        var inner = other.<Integer>promise();
        inner.complete(1);
        Future<Connection<String, String>> elsewhere = inner.flatMap(one -> connecting);
        tick(other, 2);
        accept();
        tick(loop(), 2); // it is on its way to the other loop
        elsewhere.cancel();
        tick(other, 2);

        if (elsewhere.isCancelled()) {
            expectConnections(0);
        } else {
            assertThat(elsewhere.result()).isSameAs(connecting.result());
            expectConnections(1);
        }
    }

    @Test
    void a_task_that_was_cancelled_before_it_awaits_connects_to_nobody() {
        var self = new Task<?>[1];
        self[0] = loop().task(() -> {
            self[0].cancel();
            return loop().connect(server.address(), TextLines.pipeline()).await();
        });
        assertThat(loops.failureOf(self[0])).isInstanceOf(CancelledException.class);

        expectConnections(0);
        loops.reporter().take(Report.ConnectionFailed.class); // the server may have accepted it
    }

    @Test
    void a_task_that_was_cancelled_closes_the_connection_that_it_has_not_seen() {
        Promise<String> pause = loop().promise();
        var self = new Task<?>[1];
        self[0] = loop().task(() -> {
            var connecting = loop().connect(server.address(), TextLines.pipeline());
            pause.await();
            self[0].cancel();
            return connecting.await();
        });
        tick(loop(), 1);
        accept();
        tick(loop(), 3);
        assertThat(loop().connections()).isEqualTo(1);
        pause.complete("go on");
        assertThat(loops.failureOf(self[0])).isInstanceOf(CancelledException.class);

        expectConnections(0);
    }

    @Test
    void a_connection_that_nobody_has_asked_for_yet_waits_for_whoever_does() throws Exception {
        var connecting = loop().connect(server.address(), TextLines.pipeline());
        accept();
        tick(loop(), 5);

        assertThat(connecting.await().loop()).isSameAs(loop());
        expectConnections(1);
    }

    @Test
    void a_listener_that_was_given_up_as_it_opened_listens_no_more() {
        Future<Listener> listening = loop().listen(ANY, TextLines.pipeline(), each -> {});
        Future<Listener> limited = listening.timeout(LONG);
        asItComes(() -> loop().execute(limited::cancel)); // before notification of the Listener, in the tick after
        everythingSettles();
        assertThat(limited.isDone()).isTrue();
        if (limited.isCancelled()) {
            assertThat(listening.isCancelled()).isTrue();
        }

        loop().close(Duration.ZERO);
        assertThat(loops.reporter().reports()).isEmpty();
    }

    // ---- answers

    @Test
    void an_answer_that_nobody_waits_for_any_more_is_released() throws Exception {
        var messages = new ArrayList<ByteBuf>();
        ClientProtocol<ByteBuf, ByteBuf> protocol = ClientProtocol.inOrder(remembering(messages));
        var client = new ArrayList<Client<ByteBuf, ByteBuf>>();
        try (var rig = new Rig<ByteBuf, ByteBuf>(ConnectionLimits.defaults(), link -> {
            client.add(protocol.open(link));
            return null;
        })) {
            rig.onLoop(() -> {
                Future<ByteBuf> call = client.getFirst().call(Unpooled.copiedBuffer("?", StandardCharsets.UTF_8));
                Future<Integer> length = call.map(ByteBuf::readableBytes);
                rig.loop.execute(length::cancel);
            });
            rig.arrives("too late");
            rig.settle();
            assertThat(messages)
                    .singleElement()
                    .satisfies(answer -> assertThat(answer.refCnt()).isZero());
        }
    }
}
