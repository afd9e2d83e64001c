package rill.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import rill.CancelledException;
import rill.Client;
import rill.ClientProtocol;
import rill.ConnectOptions;
import rill.Connection;
import rill.DeadlineException;
import rill.Future;
import rill.Listener;
import rill.Loop;
import rill.LoopOptions;
import rill.Pipeline;
import rill.Report;
import rill.spi.Selector;
import rill.spi.Transport;

/** What callers may do with connections and clients, on a Loop that uses the transport. */
abstract class CallerLaws extends TallyLaws {
    static final Pipeline<String, String> LINES = Pipeline.of(Lines.CODEC);

    private final Queue<Report> reports = new ConcurrentLinkedQueue<>();
    private @Nullable Loop loop;

    @AfterEach
    void closeLoop() {
        if (loop != null) {
            loop.close(Duration.ofSeconds(1));
        }
        assertEquals(List.of(), List.copyOf(reports), "reports that nobody expected");
    }

    final Loop loop() throws IOException {
        if (loop == null) {
            loop = Loop.open(LoopOptions.defaults()
                    .transport(tested())
                    .slowHandle(Duration.ZERO)
                    .reporter(report -> {
                        if (!(report instanceof Report.Note)) {
                            reports.add(report);
                        }
                    }));
        }
        return loop;
    }

    final <T extends @Nullable Object> T within(Callable<T> body) throws IOException {
        Loop on = loop();
        return on.run(() -> on.task("test", body).timeout(patience()).await());
    }

    /** A server that echoes each line. */
    private Listener echo() throws IOException {
        return loop().serve(listenAddress(), LINES, Future::of).await();
    }

    private void expectTheLoopGoesOn(SocketAddress server) throws IOException {
        Client<String, String> client =
                loop().connect(server, ClientProtocol.inOrder(LINES)).await();
        assertEquals("still there", client.call("still there").await());
        client.close();
        client.closed().await();
    }

    @Test
    void ten_thousand_calls_on_their_way_at_once_are_answered_in_order() throws IOException {
        within(() -> {
            Listener server = echo();
            var protocol = ClientProtocol.inOrder(LINES).inFlight(10_000, ClientProtocol.WhenFull.FAIL);
            Client<String, String> client =
                    loop().connect(server.address(), protocol).await();
            var calls = new ArrayList<Future<String>>();
            for (int i = 0; i < 10_000; i++) {
                calls.add(client.call("call " + i));
            }
            List<String> answers = Future.all(calls).await();
            for (int i = 0; i < answers.size(); i++) {
                assertEquals("call " + i, answers.get(i));
            }
            client.close();
            return client.closed().await();
        });
    }

    @Test
    void writing_after_close_fails_and_closing_twice_does_nothing() throws IOException {
        within(() -> {
            Listener server = echo();
            Connection<String, String> connection =
                    loop().connect(server.address(), LINES).await();
            connection.close();
            connection.close();
            connection.closed().await();
            connection.abort();
            assertThrows(IOException.class, () -> connection.write("late").await());
            expectTheLoopGoesOn(server.address());
            return true;
        });
    }

    @Test
    void whatever_is_done_within_a_message_ends_that_connection_alone() throws IOException {
        within(() -> {
            List<Consumer<Connection<String, String>>> deeds = List.of(
                    Connection::close,
                    Connection::abort,
                    each -> {
                        each.write("last");
                        each.close();
                    },
                    each -> {
                        throw new IllegalStateException("thrown by a caller");
                    });
            for (var deed : deeds) {
                var failures = new ArrayList<Throwable>();
                Listener server = loop().listen(
                                listenAddress(),
                                LINES,
                                each -> each.onFailure(failure -> failures.add(failure.cause()))
                                        .onMessage(line -> {
                                            if (line.equals("go")) {
                                                deed.accept(each);
                                            } else {
                                                each.write(line);
                                            }
                                        }))
                        .await();
                Connection<String, String> concerned =
                        loop().connect(server.address(), LINES).await();
                concerned.onFailure(failure -> {}).onMessage(line -> {});
                concerned.write("go");
                concerned.closed().await();
                expectTheLoopGoesOn(server.address());
                assertTrue(failures.size() <= 1, failures.toString());
                server.close();
            }
            return true;
        });
    }

    @Test
    void connecting_can_be_cancelled_before_during_and_after() throws IOException {
        within(() -> {
            Listener server = echo();
            Future<Connection<String, String>> before = loop().connect(server.address(), LINES);
            assertTrue(before.cancel());
            assertThrows(CancelledException.class, before::await);
            for (int ticks = 0; ticks < 4; ticks++) {
                Future<Connection<String, String>> during = loop().connect(server.address(), LINES);
                for (int i = 0; i < ticks; i++) {
                    loop().submit(() -> true).await();
                }
                if (during.cancel()) {
                    assertThrows(CancelledException.class, during::await);
                } else {
                    during.await().abort().await();
                }
            }
            Future<Connection<String, String>> after = loop().connect(server.address(), LINES);
            Connection<String, String> connected = after.await();
            assertTrue(!after.cancel());
            connected.write("still connected");
            assertEquals("still connected", connected.receive().await());
            connected.finish().await();
            server.close();
            return true;
        });
        within(() -> {
            until(() -> loop().connections() == 0);
            return true;
        });
        reports.removeIf(Report.ConnectionFailed.class::isInstance); // the server's side of what was given up
    }

    private void until(Callable<Boolean> condition) throws Exception {
        while (!condition.call()) {
            var passed = loop().<Boolean>promise();
            loop().schedule(Duration.ofMillis(1), "time passes", () -> passed.complete(true));
            passed.await();
        }
    }

    @Test
    @Holds(in = Selector.class, value = "or WireListener.closed with the cause")
    void refused_and_too_late_are_failures_that_say_so() throws IOException {
        within(() -> {
            Listener server = echo();
            SocketAddress address = server.address();
            ConnectOptions hasty = ConnectOptions.defaults().timeout(Duration.ZERO);
            assertThrows(
                    DeadlineException.class,
                    () -> loop().connect(address, LINES, hasty).await());
            server.close();
            IOException refused = assertThrows(
                    IOException.class, () -> loop().connect(address, LINES).await());
            ConnectingLaws.assertNames(refused, address.toString());
            return true;
        });
    }

    @Test
    void closing_a_loop_flushes_what_was_written_and_a_closed_loop_refuses_work() throws IOException {
        leaveOutIf(Trait.ONE_THREAD); // while the only loop closes, nobody drives the other
        var received = new StringBuilder();
        Loop serving = Loop.open(LoopOptions.defaults().transport(tested()).slowHandle(Duration.ZERO));
        try {
            serving.start();
            Listener server = serving.listen(listenAddress(), LINES, each -> each.onMessage(received::append))
                    .await();
            Connection<String, String> connection =
                    within(() -> loop().connect(server.address(), LINES).await());
            within(() -> connection.write("x".repeat(100_000)));
            loop().close(patience());
            assertTrue(connection.closed().isDone());
            assertThrows(IllegalStateException.class, () -> loop().run(() -> true));
        } finally {
            serving.close(patience());
        }
        assertEquals(100_000, received.length(), "characters that came before the loop was closed");
    }

    @Test
    void closing_a_loop_with_a_peer_that_reads_nothing_is_forced_at_the_deadline() throws IOException {
        Connection<ByteBuf, ByteBuf> connection = within(() -> {
            Listener server = loop().listen(listenAddress(), Pipeline.bytes(), Connection::pause)
                    .await();
            Connection<ByteBuf, ByteBuf> writer =
                    loop().connect(server.address(), Pipeline.bytes()).await();
            while (writer.write(Pattern.buffer(0, 64 * 1024)).isDone()) {
                writer.flush();
            }
            return writer;
        });
        loop().close(Duration.ofMillis(50));
        assertTrue(connection.closed().isDone());
        reports.removeIf(Report.Survivors.class::isInstance);
        reports.removeIf(Report.ConnectionFailed.class::isInstance);
    }

    @Test
    @Tag("slow")
    @Holds(in = Selector.class, value = "Any thread.")
    void calls_from_many_threads_get_their_own_answers() throws Exception {
        leaveOutIf(Trait.ONE_THREAD);
        Loop serving = Loop.open(LoopOptions.defaults().transport(tested()).slowHandle(Duration.ZERO));
        try {
            serving.start();
            Listener server = serving.serve(listenAddress(), LINES, Future::of).await();
            loop().start();
            Client<String, String> client = loop().connect(server.address(), ClientProtocol.inOrder(LINES))
                    .await();
            var wrong = new ConcurrentLinkedQueue<Object>();
            var threads = new ArrayList<Thread>();
            for (int t = 0; t < 4; t++) {
                String mine = "thread " + t + ", call ";
                threads.add(Thread.ofPlatform().name("raw-peer-caller-" + t).start(() -> {
                    try {
                        for (int i = 0; i < 500; i++) {
                            String answer =
                                    client.call(mine + i).timeout(patience()).await();
                            if (!answer.equals(mine + i)) {
                                wrong.add(answer);
                            }
                        }
                    } catch (IOException | RuntimeException e) {
                        wrong.add(e);
                    }
                }));
            }
            for (Thread thread : threads) {
                thread.join();
            }
            assertEquals(List.of(), List.copyOf(wrong));
            client.close();
            client.closed().await();
        } finally {
            serving.close(patience());
        }
    }

    @Test
    @Holds(
            in = Transport.class,
            value = "Time, randomness, name resolution, memory and driving for the loops that use this transport.")
    void a_transport_has_a_name_and_an_environment_and_is_available() {
        assertTrue(tested().name().matches("[a-z][a-z0-9-]*"), "a short lower-case name: " + tested().name());
        assertNull(tested().unavailable(), "unavailable");
        assertSame(tested().environment().clock(), tested().environment().clock());
        long first = tested().environment().clock().nanoTime();
        assertTrue(tested().environment().clock().nanoTime() - first >= 0, "the clock goes back");
    }
}
