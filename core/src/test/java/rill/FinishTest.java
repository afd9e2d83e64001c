package rill;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import rill.testing.Loops;
import rill.testing.TextLines;

/** A loop that closes finishes the messages that its connections have received. */
class FinishTest {
    private static final Duration HOUR = Duration.ofHours(1); // on a clock that stands still

    private final Loops loops = Loops.manual();
    private final Loop loop = loops.open();
    private final Loop clients = loops.open();
    private final List<Object> log = new ArrayList<>();

    @AfterEach
    void close() {
        loops.close();
    }

    private static InetSocketAddress anyPort() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    }

    private Listener listen(Consumer<Connection<String, String>> onConnection) {
        return loops.settle(loop.listen(anyPort(), TextLines.pipeline(), onConnection));
    }

    private Connection<String, String> client(Listener server) {
        return loops.settle(clients.connect(server.address(), TextLines.pipeline()));
    }

    /** A client whose lines and end are logged. */
    private Connection<String, String> loggingClient(Listener server, String name) {
        Connection<String, String> client = client(server);
        loops.settle(clients.submit(() -> {
            client.onMessage(line -> log.add(name + ": " + line), () -> {
                log.add(name + ": end");
                client.close();
            });
            return true;
        }));
        return client;
    }

    private void write(Connection<String, String> client, String line) {
        loops.settle(clients.submit(() -> client.write(line)));
    }

    private void beginToClose() {
        loop.closing().start(HOUR);
        for (int i = 0; i < 1_000 && !loop.isClosed(); i++) {
            loop.tick();
            clients.tick();
        }
    }

    private void goOn() {
        loops.tickUntil(loop::isClosed);
        for (int i = 0; i < 1_000; i++) {
            clients.tick();
        }
    }

    @Test
    void a_pending_receive_gives_null_and_what_was_received_is_finished_before_the_connection_closes() {
        var work = new ArrayList<Promise<String>>();
        Listener server = listen(connection -> loop.task(() -> {
            for (String line = connection.receive().await();
                    line != null;
                    line = connection.receive().await()) {
                Promise<String> answer = loop.promise();
                work.add(answer);
                connection.write(line + " " + answer.await());
            }
            log.add("null");
            connection.write("good-bye");
            return connection.finish().await();
        }));
        loggingClient(server, "idle");
        Connection<String, String> busy = loggingClient(server, "busy");
        write(busy, "one");
        loops.tickUntil(() -> work.size() == 1);
        write(busy, "two, which waits");

        beginToClose();
        assertThat(loop.isClosed()).isFalse();
        assertThat(log).containsExactly("null", "idle: good-bye", "idle: end");

        work.getFirst().complete("is done");
        goOn();
        assertThat(log)
                .containsExactly(
                        "null",
                        "idle: good-bye",
                        "idle: end",
                        "null",
                        "busy: one is done",
                        "busy: good-bye",
                        "busy: end");
        assertThat(work).hasSize(1);
    }

    @Test
    void a_push_form_without_any_end_closes_once_what_it_has_written_is_flushed() {
        Listener server = listen(connection -> connection.onMessage(line -> {
            log.add("server: " + line);
            connection.write(line + "!");
        }));
        Connection<String, String> client = loggingClient(server, "client");
        write(client, "one");
        loops.tickUntil(() -> !log.isEmpty());
        beginToClose();
        goOn();
        assertThat(log).containsExactly("server: one", "client: one!", "client: end");
    }

    @Test
    void a_push_form_with_an_end_of_its_own_is_told_as_at_the_end_of_the_peers_stream_once() {
        var work = new ArrayList<Promise<String>>();
        Listener server = listen(connection -> connection.onMessage(
                line -> {
                    Promise<String> answer = loop.promise();
                    work.add(answer);
                    answer.onDone((text, failure) -> connection.write(line + " " + text));
                },
                () -> {
                    log.add("server: end");
                    work.getFirst().onDone((text, failure) -> connection.close());
                }));
        Connection<String, String> client = loggingClient(server, "client");
        write(client, "one");
        loops.tickUntil(() -> work.size() == 1);
        beginToClose();
        write(client, "two, which is not begun");
        loops.settle(clients.submit(() -> {
            client.shutdownOutput();
            return true;
        }));
        beginToClose();
        assertThat(loop.isClosed()).isFalse();
        assertThat(log).containsExactly("server: end");
        work.getFirst().complete("is done");
        goOn();
        assertThat(log).containsExactly("server: end", "client: one is done", "client: end");
        assertThat(work).hasSize(1);
    }

    @Test
    void on_finish_tells_a_push_form_which_closes_when_its_work_is_done() {
        var work = new ArrayList<Promise<String>>();
        Listener server = listen(connection -> connection
                .onFinish(() -> {
                    log.add("server: finish");
                    work.getFirst().onDone((text, failure) -> connection.close());
                })
                .onMessage(line -> {
                    Promise<String> answer = loop.promise();
                    work.add(answer);
                    answer.onDone((text, failure) -> connection.write(line + " " + text));
                }));
        Connection<String, String> client = loggingClient(server, "client");
        write(client, "one");
        loops.tickUntil(() -> work.size() == 1);
        beginToClose();
        write(client, "two, which is not begun");
        beginToClose();
        assertThat(loop.isClosed()).isFalse();
        assertThat(log).containsExactly("server: finish");
        work.getFirst().complete("is done");
        goOn();
        assertThat(log).containsExactly("server: finish", "client: one is done", "client: end");
        assertThat(work).hasSize(1);
    }

    @Test
    void a_connection_that_comes_just_as_the_loop_begins_to_close_is_told_once_and_closes_when_its_work_is_done() {
        Promise<String> work = loop.promise();
        Listener server = listen(connection -> {
            loop.closing().start(HOUR);
            connection
                    .onFinish(() -> {
                        log.add("server: finish");
                        work.onDone((text, failure) -> {
                            connection.write(text);
                            connection.close();
                        });
                    })
                    .onMessage(line -> {});
        });
        loggingClient(server, "client");
        beginToClose();
        assertThat(log).containsExactly("server: finish");
        work.complete("is done");
        goOn();
        assertThat(log).containsExactly("server: finish", "client: is done", "client: end");
    }

    @Test
    void on_finishing_lets_what_had_begun_be_received_to_its_end() {
        Listener server = listen(connection -> connection
                .onFinishing(() -> log.add("server: finish"))
                .onMessage(line -> {
                    log.add("server: " + line);
                    if (line.equals("the last part")) {
                        connection.close();
                    }
                }));
        Connection<String, String> client = loggingClient(server, "client");
        write(client, "the first part");
        loops.tickUntil(() -> log.size() == 1);
        beginToClose();
        write(client, "the last part");
        goOn();
        assertThat(log)
                .containsExactly("server: the first part", "server: finish", "server: the last part", "client: end");
    }

    @Test
    void on_finishing_ends_with_its_protocol() {
        var become = new ArrayList<Connection<String, String>>();
        Listener server = listen(connection -> connection
                .onFinishing(() -> log.add("server: finish"))
                .onMessage(line -> become.add(connection.become(TextLines.pipeline()))));
        Connection<String, String> client = loggingClient(server, "client");
        write(client, "another protocol");
        loops.tickUntil(() -> become.size() == 1);
        become.getFirst().receive().onDone((line, failure) -> {
            log.add("server: " + line);
            become.getFirst().close();
        });
        beginToClose();
        goOn();
        assertThat(log).containsExactly("server: null", "client: end");
    }

    @Test
    void who_never_closes_is_cut_off_at_the_deadline_and_named() {
        Listener server = listen(connection -> connection.receive().onDone((line, failure) -> log.add(line)));
        Connection<String, String> client = loggingClient(server, "client");
        write(client, "one");
        loops.tickUntil(() -> log.size() == 1);
        beginToClose();
        assertThat(loop.isClosed()).isFalse();
        loops.clock().advance(HOUR);
        goOn();
        assertThat(loops.reporter().take(Report.Survivors.class))
                .singleElement()
                .satisfies(report -> assertThat(report.names())
                        .singleElement()
                        .asString()
                        .contains("connection to")
                        .contains("has not been closed"));
        loops.settle(client.closed());
        loops.reporter().take(Report.ConnectionFailed.class); // the client's, which was reset
    }

    @Test
    void one_of_which_nobody_receives_closes_at_once() {
        Listener server = listen(connection -> connection.write("hello"));
        loggingClient(server, "client");
        beginToClose();
        goOn();
        assertThat(log).containsExactly("client: hello", "client: end");
    }

    @Test
    void what_a_connection_works_on_may_use_others_and_connect_until_it_is_done() {
        Loop backend = loops.open();
        Listener behind =
                loops.settle(backend.serve(anyPort(), TextLines.pipeline(), line -> Future.of("backend " + line)));
        Client<String, String> client =
                loops.settle(loop.connect(behind.address(), ClientProtocol.inOrder(TextLines.pipeline())));
        var begin = new ArrayList<Promise<Boolean>>();
        Listener server = listen(connection -> loop.task(() -> {
            String line = connection.receive().await();
            Promise<Boolean> closing = loop.promise();
            begin.add(closing);
            closing.await();
            String first = client.call(line).await();
            var another = loop.connect(behind.address(), TextLines.pipeline()).await();
            another.write("again");
            String second = another.receive().await();
            connection.write(first + ", " + second);
            return connection.finish().await();
        }));
        Connection<String, String> asking = loggingClient(server, "client");
        write(asking, "one");
        loops.tickUntil(() -> begin.size() == 1);
        beginToClose();
        assertThat(loop.isClosed()).isFalse();
        begin.getFirst().complete(true);
        goOn();
        assertThat(log).containsExactly("client: backend one, backend again", "client: end");
    }

    @Test
    void one_that_was_opened_from_here_closes_by_itself() {
        Listener server = listen(connection -> connection.onMessage(connection::write));
        Connection<String, String> client = client(server);
        loops.settle(clients.submit(() -> client.write("one")));
        assertThat(loops.settle(loops.settle(clients.submit(client::receive)))).isEqualTo("one");
        clients.closing().start(HOUR); // although the last message received may still be in progress
        loops.tickUntil(clients::isClosed);
        assertThat(client.closed().isDone()).isTrue();
    }

    @Test
    void who_becomes_another_protocol_meanwhile_is_told_by_that() {
        var held = new ArrayList<Connection<String, String>>();
        Listener server = listen(connection -> {
            held.add(connection);
            connection.receive().onDone((line, failure) -> log.add("server: " + line));
        });
        loggingClient(server, "client");
        loops.tickUntil(() -> !held.isEmpty());
        beginToClose();
        assertThat(log).containsExactly("server: null");

        Connection<String, String> other =
                loops.settle(loop.submit(() -> held.getFirst().become(TextLines.pipeline())));
        loops.settle(loop.submit(() -> other.receive().onDone((line, failure) -> {
            log.add("other: " + line);
            other.close();
        })));
        goOn();
        assertThat(log).containsExactly("server: null", "other: null", "client: end");
    }
}
