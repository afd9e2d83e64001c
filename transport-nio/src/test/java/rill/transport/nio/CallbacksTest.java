package rill.transport.nio;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import rill.Connection;
import rill.Report;
import rill.testing.RawPeer;

/** Whatever a caller does in any callback: the connection ends, others and the loop continue, and nothing is delivered twice. */
class CallbacksTest extends OnNio {
    /** The callbacks that the framework makes. */
    enum In {
        CONNECTED,
        MESSAGE,
        END,
        FAILURE,
        WRITTEN,
        FLUSHED,
        CLOSED
    }

    /** What a caller may do there. */
    enum Do {
        CLOSE(Connection::close),
        CLOSE_TWICE(connection -> {
            connection.close();
            connection.close();
        }),
        ABORT(Connection::abort),
        WRITE(connection -> connection.write("from a callback")),
        WRITE_AND_FLUSH(connection -> {
            connection.write("from a callback");
            connection.flush();
        }),
        WRITE_AND_CLOSE(connection -> {
            connection.write("from a callback");
            connection.close();
        }),
        PAUSE(Connection::pause),
        RESUME(Connection::resume),
        STOP(Connection::stop),
        THROW(connection -> {
            throw new IllegalStateException("thrown by a caller");
        }),
        THROW_AN_ERROR(connection -> {
            throw new AssertionError("thrown by a caller");
        });

        @SuppressWarnings("ImmutableEnumChecker") // stateless functions
        final Consumer<Connection<String, String>> action;

        Do(Consumer<Connection<String, String>> action) {
            this.action = action;
        }
    }

    static Stream<Arguments> combinations() {
        return Stream.of(In.values()).flatMap(in -> Stream.of(Do.values()).map(what -> Arguments.of(in, what)));
    }

    @ParameterizedTest(name = "{1} in {0}")
    @MethodSource("combinations")
    void the_connection_ends_and_the_loop_goes_on_after(In in, Do what) throws Exception {
        var calls = new ArrayList<In>();
        var failures = new ArrayList<Throwable>();
        var accepted = new ArrayList<Connection<String, String>>();
        task(() -> {
            var server = loop.listen(ANY_PORT, Lines.PIPELINE, connection -> {
                        accepted.add(connection);
                        prepare(connection, in, what, calls, failures);
                    })
                    .await();
            try (var peer = RawPeer.connecting(server.address(), talk -> {
                try {
                    talk.send("one\ntwo\n" + (in == In.FAILURE ? Lines.BAD : ""));
                    talk.halfClose();
                    talk.readAll();
                } catch (java.net.SocketException reset) {
                    assertThat(what).isEqualTo(Do.ABORT);
                }
            })) {
                until(() -> calls.contains(in));
                if (what == Do.PAUSE || what == Do.STOP) {
                    accepted.getFirst().resume();
                }
                Connection<String, String> connection = accepted.getFirst();
                if (in == In.CONNECTED || what != Do.CLOSE) {
                    connection.close();
                }
                connection.closed().await();
                peer.finish();
            }
            server.close();
            expectTheLoopGoesOn();
        });
        List<Throwable> told = new ArrayList<>(failures);
        reports.take(Report.Thrown.class).forEach(each -> told.add(each.cause()));
        boolean throwing = what == Do.THROW || what == Do.THROW_AN_ERROR;
        assertThat(calls).contains(in);
        assertThat(told.stream().filter(each -> "thrown by a caller".equals(each.getMessage())))
                .as("told exactly once per throw")
                .hasSize(throwing ? (int) calls.stream().filter(in::equals).count() : 0);
    }

    private static void prepare(
            Connection<String, String> connection, In in, Do what, List<In> calls, List<Throwable> failures) {
        Consumer<In> reached = here -> {
            calls.add(here);
            if (here == in) {
                what.action.accept(connection);
            }
        };
        connection.onFailure(failure -> {
            failures.add(failure.cause());
            if (in == In.FAILURE) {
                reached.accept(In.FAILURE);
            }
        });
        connection.onMessage(
                line -> {
                    connection.write("answer").onDone((nothing, failure) -> reached.accept(In.WRITTEN));
                    connection.flush().onDone((nothing, failure) -> reached.accept(In.FLUSHED));
                    reached.accept(In.MESSAGE);
                },
                () -> {
                    reached.accept(In.END);
                    connection.close();
                });
        connection.closed().onDone((nothing, failure) -> reached.accept(In.CLOSED));
        reached.accept(In.CONNECTED);
    }

    @ParameterizedTest
    @MethodSource("actions")
    void another_connection_of_the_loop_is_not_disturbed_by(Do what) throws Exception {
        var done = new CountDownLatch(1);
        try (var peer = RawPeer.listening(
                talk -> {
                    talk.send("go\n");
                    try {
                        talk.readAll();
                    } catch (java.net.SocketException reset) {
                        assertThat(what).isEqualTo(Do.ABORT);
                    }
                },
                talk -> {
                    talk.waitFor(done);
                    talk.send("still here\n");
                    talk.readAll();
                })) {
            task(() -> {
                var first = loop.connect(peer.address(), Lines.PIPELINE).await();
                var second = loop.connect(peer.address(), Lines.PIPELINE).await();
                first.onFailure(failure -> {});
                first.onMessage(line -> {
                    done.countDown();
                    what.action.accept(first);
                });
                assertThat(second.receive().await()).isEqualTo("still here");
                second.finish().await();
                first.finish().await();
            });
            peer.finish();
        }
    }

    static Stream<Do> actions() {
        return Stream.of(Do.values());
    }
}
