package rill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import rill.testing.Loops;
import rill.testing.TextLines;

/** Servers: a service for each connection, a Task for each, bounds on their number and on idle time; and how clients get there. */
class ServersTest {
    private static final InetSocketAddress ANY = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    private static final ClientProtocol<String, String> ASKING = ClientProtocol.inOrder(TextLines.pipeline());
    private static final Duration SECOND = Duration.ofSeconds(1);

    private final Loops loops = Loops.manual();
    private final Loop loop = loops.open();

    @AfterEach
    void close() {
        loops.close();
    }

    private Connection<String, String> connect(Listener listener) {
        return loops.settle(loop.connect(listener.address(), TextLines.pipeline()));
    }

    private Client<String, String> client(Listener listener) {
        return loops.settle(loop.connect(listener.address(), ASKING));
    }

    private String ask(Client<String, String> client, String question) {
        return loops.settle(client.call(question));
    }

    private void settle() {
        for (int i = 0; i < 20; i++) {
            loop.tick();
        }
    }

    private void passes(Duration time) {
        for (int i = 0; i < 20; i++) {
            loops.clock().advance(time.dividedBy(20));
            settle();
        }
    }

    // ---- a service for each connection

    @Test
    void each_connection_has_a_service_of_its_own_that_knows_the_peer() {
        var peers = new ArrayList<SocketAddress>();
        var gone = new ArrayList<SocketAddress>();
        Listener listener = loops.settle(loop.serveEach(ANY, TextLines.pipeline(), peer -> {
            peers.add(peer.remoteAddress());
            peer.closed().onDone((nothing, failure) -> gone.add(peer.remoteAddress()));
            var count = new int[1];
            return question -> loop.done(question + " " + ++count[0]);
        }));
        Client<String, String> one = client(listener);
        Client<String, String> other = client(listener);
        assertThat(ask(one, "a")).isEqualTo("a 1");
        assertThat(ask(one, "b")).isEqualTo("b 2");
        assertThat(ask(other, "c")).isEqualTo("c 1");
        assertThat(peers).hasSize(2).doesNotHaveDuplicates();
        one.close();
        settle();
        assertThat(gone).containsExactly(peers.getFirst());
    }

    @Test
    void a_service_ends_its_connection_after_its_answers() {
        Listener listener = loops.settle(loop.serveEach(ANY, TextLines.pipeline(), peer -> question -> {
            assertThat(peer.isOpen()).isTrue();
            if (question.equals("quit")) {
                peer.finish();
            }
            return loop.done("re " + question);
        }));
        Client<String, String> client = client(listener);
        Future<String> a = client.call("a");
        Future<String> quit = client.call("quit");
        assertThat(loops.settle(a)).isEqualTo("re a");
        assertThat(loops.settle(quit)).isEqualTo("re quit");
        loops.settle(client.closed());
        assertThat(client.failure()).hasMessageContaining("ended its stream");
    }

    @Test
    void a_service_resets_its_connection() {
        Listener listener = loops.settle(loop.serveEach(ANY, TextLines.pipeline(), peer -> question -> {
            peer.abort();
            return loop.done("too late");
        }));
        Client<String, String> client = client(listener);
        assertThat(loops.failureOf(client.call("a"))).hasMessageContaining("reset");
    }

    @Test
    void a_service_that_can_not_be_made_fails_its_connection_only() {
        Listener listener = loops.settle(loop.serveEach(ANY, TextLines.pipeline(), peer -> {
            throw new IOException("no service today");
        }));
        Client<String, String> client = client(listener);
        loops.settle(client.closed());
        assertThat(loops.reporter().take(Report.ConnectionFailed.class))
                .anySatisfy(each -> assertThat(each.message()).contains("no service today"));
        assertThat(listener.isOpen()).isTrue();
    }

    @Test
    void a_service_may_throw_an_io_exception() {
        Listener listener = loops.settle(loop.serve(ANY, TextLines.pipeline(), question -> {
            throw new IOException("can't tell");
        }));
        Client<String, String> client = client(listener);
        assertThat(loops.failureOf(client.call("a"))).isInstanceOf(CallFailedException.class);
        assertThat(loops.reporter().take(Report.ConnectionFailed.class))
                .anySatisfy(each -> assertThat(each.message()).contains("can't tell"));
    }

    // ---- a Task for each connection

    @Test
    void each_connection_has_a_task_at_whose_end_it_is_closed() {
        Listener listener = loops.settle(loop.listenWithTask(ANY, TextLines.pipeline(), connection -> {
            for (String line = connection.receive().await();
                    line != null;
                    line = connection.receive().await()) {
                connection.write("re " + line).await();
                if (line.equals("quit")) {
                    return;
                }
            }
        }));
        Client<String, String> one = client(listener);
        Client<String, String> other = client(listener);
        assertThat(ask(one, "a")).isEqualTo("re a");
        assertThat(ask(other, "quit")).isEqualTo("re quit");
        loops.settle(other.closed());
        assertThat(ask(one, "b")).isEqualTo("re b");
        one.close();
        settle();
        assertThat(loop.alive()).isEmpty();
    }

    @Test
    void what_the_task_of_a_connection_throws_fails_the_connection_and_is_reported_at_once() {
        Listener listener = loops.settle(loop.listenWithTask(ANY, TextLines.pipeline(), connection -> {
            connection.receive().await();
            throw new IllegalStateException("a mistake");
        }));
        Connection<String, String> connection = connect(listener);
        connection.write("a");
        Future<String> end = loops.settle(loop.submit(connection::receive));
        assertThat(loops.settle(end)).isNull();
        assertThat(loops.reporter().take(Report.ConnectionFailed.class))
                .singleElement()
                .satisfies(each -> assertThat(each.message()).contains("a mistake"));
    }

    @Test
    void what_the_task_of_a_connection_throws_after_it_has_ended_that_is_reported_once() {
        List<ThrowingConsumer<Connection<String, String>>> ends = List.of(
                Connection::close,
                Connection::abort,
                connection -> connection.finish().await(),
                connection -> {
                    connection.receive().cancel();
                    connection.close();
                });
        for (ThrowingConsumer<Connection<String, String>> end : ends) {
            for (Exception thrown : List.of(new IOException("no disk"), new IllegalStateException("a mistake"))) {
                Listener listener = loops.settle(loop.listenWithTask(ANY, TextLines.pipeline(), connection -> {
                    end.accept(connection);
                    throw thrown;
                }));
                Connection<String, String> connection = connect(listener);
                loops.settle(loop.submit(() -> connection.onFailure(reset -> {})));
                settle();
                connection.close();
                loops.settle(connection.closed());
                assertThat(causesReported()).containsExactly(thrown);
                listener.close();
            }
        }
    }

    @Test
    void what_the_task_of_a_connection_throws_later_is_the_connections_failure_only_if_it_can_be() {
        var thrown =
                new ArrayList<Exception>(List.of(new IOException("no peer"), new IllegalStateException("mistake")));
        listener = loops.settle(loop.listenWithTask(ANY, TextLines.pipeline(), connection -> {
            connection.abort();
            throw thrown.removeFirst();
        }));
        connect(listener);
        settle();
        assertThat(loops.reporter().take(Report.ConnectionFailed.class))
                .filteredOn(each -> !String.valueOf(each.cause()).contains("reset"))
                .singleElement()
                .satisfies(each -> assertThat(each.cause()).hasMessage("no peer"));
        connect(listener);
        settle();
        assertThat(loops.reporter().take(Report.Thrown.class))
                .singleElement()
                .satisfies(each -> assertThat(each.message()).contains("the Task of ", "mistake"));
        loops.reporter().take(Report.ConnectionFailed.class);
    }

    @Test
    void what_the_network_does_to_the_task_of_a_connection_that_passes_it_on_is_told_once() {
        for (boolean looksAfterIt : new boolean[] {true, false}) {
            var told = new ArrayList<Throwable>();
            var passedOn = new ArrayList<Throwable>();
            Listener listener = loops.settle(loop.listenWithTask(ANY, TextLines.pipeline(), connection -> {
                if (looksAfterIt) {
                    connection.onFailure(failure -> told.add(failure.cause()));
                }
                try {
                    connection.receive().await();
                } catch (IOException e) {
                    passedOn.add(e);
                    throw e;
                }
            }));
            Connection<String, String> connection = connect(listener);
            settle();
            connection.abort();
            settle();
            assertThat(passedOn).hasSize(1);
            told.addAll(causesReported());
            assertThat(told).isEqualTo(passedOn);
            listener.close();
        }
    }

    @Test
    void a_failure_that_only_a_write_has_told_the_task_of_a_connection_is_reported_once() {
        var passedOn = new ArrayList<Throwable>();
        Listener listener = loops.settle(loop.listenWithTask(ANY, TextLines.pipeline(), connection -> {
            connection.receive().await(); // so that it has a receiver, which is notified first
            try {
                while (true) {
                    connection.write("x".repeat(100_000)).await();
                }
            } catch (IOException e) {
                passedOn.add(e);
                connection.closed().await();
                throw e;
            }
        }));
        Connection<String, String> connection = connect(listener);
        connection.write("begin");
        connection.pause();
        settle();
        connection.abort();
        settle();
        assertThat(passedOn).hasSize(1);
        assertThat(causesReported()).isEqualTo(passedOn);
    }

    @Test
    void what_the_task_of_a_connection_throws_after_the_network_has_ended_that_is_told_as_well() {
        var mistake = new IllegalStateException("a mistake");
        for (boolean looksAfterIt : new boolean[] {true, false}) {
            var told = new ArrayList<Throwable>();
            Listener listener = loops.settle(loop.listenWithTask(ANY, TextLines.pipeline(), connection -> {
                if (looksAfterIt) {
                    connection.onFailure(failure -> told.add(failure.cause()));
                }
                connection.receive().cancel();
                connection.closed().await();
                throw mistake;
            }));
            Connection<String, String> connection = connect(listener);
            settle();
            connection.abort();
            settle();
            told.addAll(causesReported());
            assertThat(told)
                    .hasSize(2)
                    .contains(mistake)
                    .anySatisfy(each -> assertThat(each).hasMessageContaining("reset"));
            listener.close();
        }
    }

    @Test
    void an_io_exception_of_the_users_code_is_reported_although_it_has_closed_its_connection() {
        var thrown = new IOException("no disk");
        List<Function<SocketAddress, Future<Listener>>> servers = List.of(
                at -> loop.serveEach(at, TextLines.pipeline(), peer -> {
                    peer.abort();
                    throw thrown;
                }),
                at -> loop.listen(at, TextLines.pipeline(), connection -> {
                    connection.close();
                    throw ServersTest.<RuntimeException>sneaky(thrown);
                }),
                at -> loop.listen(
                        at,
                        TextLines.pipeline(),
                        connection -> connection.onMessage(line -> {
                            connection.close();
                            throw ServersTest.<RuntimeException>sneaky(thrown);
                        })));
        for (Function<SocketAddress, Future<Listener>> server : servers) {
            Listener listener = loops.settle(server.apply(ANY));
            Connection<String, String> connection = connect(listener);
            loops.settle(loop.submit(() -> connection.onFailure(reset -> {}).write("a")));
            settle();
            assertThat(causesReported()).containsExactly(thrown);
            connection.close();
            listener.close();
        }
    }

    @SuppressWarnings("unchecked")
    private static <E extends Throwable> E sneaky(Throwable thrown) throws E {
        throw (E) thrown;
    }

    /** The causes reported, including failures that nobody looked at, which would be reported once they are garbage. */
    private List<Throwable> causesReported() {
        settle();
        loop.failures().close();
        return loops.reporter().take(Report.class).stream()
                .map(Report::cause)
                .filter(Objects::nonNull)
                .toList();
    }

    @Test
    void a_loop_that_closes_lets_the_task_of_a_connection_finish() {
        var ended = new ArrayList<String>();
        Listener listener = loops.settle(loop.listenWithTask(ANY, TextLines.pipeline(), connection -> {
            assertThat(connection.receive().await()).isNull();
            connection.write("good-bye");
            ended.add("in good order");
        }));
        connect(listener);
        settle();
        loop.close(SECOND);
        assertThat(ended).containsExactly("in good order");
    }

    // ---- the bound of connections

    /** Connects three clients to a listener that takes two. */
    private void connectThree(List<Connection<String, String>> accepted) {
        listener = loops.settle(
                loop.listen(ANY, TextLines.pipeline(), ListenOptions.defaults().connections(2), accepted::add));
        for (int i = 0; i < 3; i++) {
            loop.connect(listener.address(), TextLines.pipeline());
            settle();
        }
        assertThat(accepted).hasSize(2);
    }

    private Listener listener;

    @Test
    void a_listener_that_can_not_go_on_accepting_keeps_no_connection_from_ending_and_tries_again() {
        var accepted = new ArrayList<Connection<String, String>>();
        connectThree(accepted);
        loops.reporter().take(Report.AcceptPaused.class);
        Future<Void> closed = accepted.getFirst().closed();
        var error = new OutOfMemoryError("on purpose");
        loops.selector().acceptors().getFirst().failNextResume(error);
        accepted.getFirst().abort();
        settle();
        assertThat(closed.isDone()).isTrue();
        assertThat(loops.reporter().take(Report.Thrown.class))
                .singleElement()
                .satisfies(each -> assertThat(each.cause()).isSameAs(error));
        assertThat(accepted).hasSize(2);
        passes(SECOND);
        assertThat(accepted).hasSize(3);
        loop.close(SECOND); // does not wait for what has ended
        loops.reporter().take(Report.ConnectionFailed.class);
        loops.reporter().take(Report.AcceptPaused.class);
    }

    @Test
    void at_the_bound_of_connections_accepting_pauses_until_one_has_ended() {
        var accepted = new ArrayList<Connection<String, String>>();
        connectThree(accepted);
        assertThat(loops.reporter().take(Report.AcceptPaused.class))
                .singleElement()
                .satisfies(each -> assertThat(each.message()).contains("2 connections are open"));

        accepted.getFirst().abort();
        settle();
        assertFullAgain(accepted);
    }

    private void assertFullAgain(List<Connection<String, String>> accepted) {
        assertThat(accepted).hasSize(3);
        accepted.forEach(Connection::abort);
        settle();
        loops.reporter().take(Report.ConnectionFailed.class);
        assertThat(loops.reporter().take(Report.AcceptPaused.class)).hasSize(1);
    }

    @Test
    void a_listener_that_is_paused_accepts_nothing_until_it_is_resumed() {
        var accepted = new ArrayList<Connection<String, String>>();
        Listener pausing = loops.settle(loop.listen(ANY, TextLines.pipeline(), accepted::add));
        pausing.pause();
        settle();
        Future<Connection<String, String>> connecting = loop.connect(pausing.address(), TextLines.pipeline());
        settle();
        assertThat(accepted).isEmpty();
        pausing.resume();
        settle();
        assertThat(accepted).hasSize(1);
        loops.settle(connecting).abort();
        pausing.close();
        settle();
        loops.reporter().take(Report.ConnectionFailed.class);
    }

    @Test
    void a_listener_that_is_paused_stays_so_when_a_connection_ends() {
        var accepted = new ArrayList<Connection<String, String>>();
        connectThree(accepted);
        loops.reporter().take(Report.AcceptPaused.class);
        listener.pause();
        accepted.getFirst().abort();
        settle();
        assertThat(accepted).hasSize(2);
        listener.resume();
        settle();
        assertFullAgain(accepted);
    }

    @Test
    void resuming_does_not_lift_the_bound() {
        var accepted = new ArrayList<Connection<String, String>>();
        connectThree(accepted);
        loops.reporter().take(Report.AcceptPaused.class);
        listener.pause();
        listener.resume();
        settle();
        assertThat(accepted).hasSize(2);
    }

    @Test
    void a_bound_has_to_leave_room() {
        assertThatThrownBy(() -> ListenOptions.defaults().connections(0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("connections has to be at least 1, not 0");
        assertThatThrownBy(() -> ListenOptions.defaults().idleTime(SECOND.negated()))
                .isInstanceOf(IllegalArgumentException.class);
    }

    // ---- idle time

    @Test
    void a_connection_that_is_idle_for_too_long_fails_and_one_that_is_used_does_not() {
        var failures = new ArrayList<Throwable>();
        listener = loops.settle(loop.listen(
                ANY,
                TextLines.pipeline(),
                ListenOptions.defaults().idleTime(SECOND.multipliedBy(4)),
                connection -> connection
                        .onFailure(failure -> failures.add(failure.cause()))
                        .onMessage(line -> {})));
        Connection<String, String> idle = connect(listener);
        Connection<String, String> used = connect(listener);
        for (int i = 0; i < 6; i++) {
            used.write("a");
            passes(SECOND);
        }
        assertThat(failures)
                .singleElement()
                .satisfies(each -> assertThat(each)
                        .isInstanceOf(DeadlineException.class)
                        .hasMessageContaining("nothing was received or sent for 4 s"));
        assertThat(used.isOpen()).isTrue();
        idle.close();
        passes(SECOND.multipliedBy(6));
        assertThat(failures).hasSize(2);
    }

    @Test
    void a_server_that_works_on_a_request_is_not_idle() {
        Promise<String> answer = loop.promise();
        listener = loops.settle(
                loop.serve(ANY, TextLines.pipeline(), ListenOptions.defaults().idleTime(SECOND), question -> answer));
        Client<String, String> client = client(listener);
        Future<String> call = client.call("a");
        passes(SECOND.multipliedBy(5));
        answer.complete("at last");
        assertThat(loops.settle(call)).isEqualTo("at last");
        passes(SECOND.multipliedBy(5));
        assertThat(client.isOpen()).isFalse();
        loops.reporter().take(Report.ConnectionFailed.class);
    }

    @Test
    void a_client_is_idle_only_while_no_call_is_in_flight() {
        listener = loops.settle(loop.listen(ANY, TextLines.pipeline(), connection -> connection.onMessage(line -> {})));
        Client<String, String> client = loops.settle(loop.connect(
                listener.address(), ASKING, ConnectOptions.defaults().idleTime(SECOND)));
        Future<String> call = client.call("a");
        passes(SECOND.multipliedBy(5));
        assertThat(client.isOpen()).isTrue();
        client.close();
        settle();
        assertThat(call.failure()).isNotNull();

        Client<String, String> idle = loops.settle(loop.connect(
                listener.address(), ASKING, ConnectOptions.defaults().idleTime(SECOND)));
        passes(SECOND.multipliedBy(2));
        assertThat(idle.isOpen()).isFalse();
        assertThat(idle.failure()).isInstanceOf(DeadlineException.class);
        loops.reporter().take(Report.ConnectionFailed.class);
    }

    @Test
    void a_connection_that_is_paused_by_its_owner_is_not_idle() {
        var accepted = new ArrayList<Connection<String, String>>();
        listener = loops.settle(
                loop.listen(ANY, TextLines.pipeline(), ListenOptions.defaults().idleTime(SECOND), connection -> {
                    accepted.add(connection.onMessage(line -> {}));
                    connection.pause();
                }));
        Connection<String, String> connection = connect(listener);
        connection.write("a");
        passes(SECOND.multipliedBy(5));
        assertThat(accepted.getFirst().isOpen()).isTrue();
        loops.settle(loop.submit(() -> accepted.getFirst().resume()));
        passes(SECOND.multipliedBy(5));
        assertThat(accepted.getFirst().isOpen()).isFalse();
        loops.reporter().take(Report.ConnectionFailed.class);
    }

    @Test
    void nothing_is_kept_of_connections_that_have_ended_before_they_were_idle() {
        listener = loops.settle(loop.listen(
                ANY,
                TextLines.pipeline(),
                ListenOptions.defaults().idleTime(Duration.ofHours(1)),
                connection -> connection.onMessage(line -> {})));
        for (int i = 0; i < 10; i++) {
            Connection<String, String> connection = connect(listener);
            loops.settle(connection.finish());
            settle();
        }
        assertThat(loop.connections()).isZero();
        assertThat(loop.nextTimer())
                .as("the watch over idle ones has nothing to do")
                .isEmpty();
    }

    // ---- closing, asking, connecting by name

    @Test
    void a_connection_in_a_try_is_closed_in_good_order_at_its_end() throws IOException {
        var lines = new ArrayList<String>();
        listener = loops.settle(loop.listen(ANY, TextLines.pipeline(), connection -> connection.onMessage(lines::add)));
        loop.run(() -> {
            Future<Void> closed;
            try (var connection =
                    loop.connect(listener.address(), TextLines.pipeline()).await()) {
                assertThat(connection.isOpen()).isTrue();
                connection.write("last words");
                closed = connection.closed();
            }
            closed.await();
        });
        assertThat(lines).containsExactly("last words");
    }

    @Test
    void a_client_and_a_listener_in_a_try_are_closed_at_its_end() {
        Listener left;
        Client<String, String> gone;
        try (var server = loops.settle(loop.serve(ANY, TextLines.pipeline(), loop::done));
                var asking = client(server)) {
            assertThat(ask(asking, "a")).isEqualTo("a");
            assertThat(server.isOpen()).isTrue();
            left = server;
            gone = asking;
        }
        settle();
        assertThat(left.isOpen()).isFalse();
        assertThat(gone.isOpen()).isFalse();
        loops.settle(gone.closed());
    }

    @Test
    void a_connection_whose_output_was_shut_down_or_that_has_failed_is_not_open() {
        var accepted = new ArrayList<Connection<String, String>>();
        listener = loops.settle(loop.listen(ANY, TextLines.pipeline(), accepted::add));
        Connection<String, String> half = connect(listener);
        Connection<String, String> reset = connect(listener);
        settle();
        half.shutdownOutput();
        settle();
        assertThat(half.isOpen()).isFalse();
        loops.settle(loop.submit(() -> reset.onMessage(line -> {}).onFailure(failure -> {})));
        accepted.getLast().abort();
        settle();
        assertThat(reset.isOpen()).isFalse();
        accepted.forEach(Connection::abort);
    }

    @Test
    void a_host_and_a_port_are_enough_to_connect_to() {
        listener = loops.settle(loop.serve(ANY, TextLines.pipeline(), loop::done));
        int port = listener.port();
        assertThat(ask(loops.settle(loop.connect("127.0.0.1", port, ASKING)), "a"))
                .isEqualTo("a");
        Connection<String, String> connection =
                loops.settle(loop.connect("127.0.0.1", port, TextLines.pipeline(), ConnectOptions.defaults()));
        assertThat(((InetSocketAddress) connection.remoteAddress()).getPort()).isEqualTo(port);
    }

    @Test
    void a_connection_that_its_loop_can_not_open_is_refused_and_holds_up_no_close() {
        try (var own = Loops.manual()) {
            Loop serving = own.open();
            Loop calling = own.open();
            Listener server = own.settle(serving.listen(
                    ANY,
                    TextLines.pipeline(),
                    ListenOptions.defaults().option(StandardSocketOptions.SO_LINGER, 1), // which this transport has not
                    connection -> {}));
            var refused = calling.connect(server.address(), TextLines.pipeline());
            own.tickUntil(() -> !own.reporter().reports().isEmpty());
            assertThat(own.reporter().take(Report.Thrown.class))
                    .singleElement()
                    .satisfies(each -> assertThat(each.message()).contains("SO_LINGER"));
            assertThat(serving.connections()).isZero();
            serving.closing().start(Duration.ofHours(1));
            own.settle();
            boolean closed = serving.isClosed();
            own.clock().advance(Duration.ofHours(2));
            assertThat(closed).isTrue();
            assertThat(own.failureOf(refused)).hasMessageContaining("reset");
        }
    }
}
