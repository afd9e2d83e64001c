package rill.transport.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Objects;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import rill.ClientProtocol;
import rill.Codec;
import rill.ConnectOptions;
import rill.Future;
import rill.Loop;
import rill.LoopOptions;
import rill.Pipeline;
import rill.ProtocolException;
import rill.testkit.Leaks;

/** Failures that fail a run although nothing receives them. */
@ExtendWith(Leaks.class)
class VerdictTest {
    /** Returns the run's failure. */
    private static Throwable failureOf(Scenario scenario) {
        return Trial.run(42, scenario).failure();
    }

    private static Loop quiet(Simulation sim, String host) {
        return sim.host(host).loop(LoopOptions.defaults().name(host + "/main").reporter(report -> {}));
    }

    @Test
    void an_assertion_in_a_handle_fails_the_run_and_says_where_and_when() {
        assertThatThrownBy(() -> {
                    try (var sim = Simulation.seed(42)) {
                        Loop loop = quiet(sim, "bank");
                        quiet(sim, "client");
                        sim.inject(Faults.loss("bank", "client", 0.25));
                        loop.schedule(Duration.ofMillis(1500), "check the books", () -> {
                            throw new AssertionError("the books are wrong");
                        });
                        sim.run(Duration.ofSeconds(10));
                    }
                })
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("on host bank: bank/main: check the books threw")
                .hasMessageContaining("the books are wrong")
                .hasMessageMatching("(?s).*at 1\\.50?[0-9]* s of virtual time, seed 42, hash [0-9a-f]{16}.*")
                .hasMessageContaining("faults in force: 0 s + 1.5")
                .hasMessageContaining("loss bank → client 0.25")
                .cause()
                .hasMessage("the books are wrong");
    }

    @Test
    void a_task_that_nobody_awaits_fails_the_run_unless_the_network_failed_it() {
        assertThat(failureOf(sim -> {
                    quiet(sim, "client").task("work", () -> {
                        throw new IllegalStateException("a mistake");
                    });
                    sim.run(Duration.ofSeconds(2));
                }))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("nobody looked at the failure of Task work")
                .hasMessageContaining("a mistake");
        assertThat(failureOf(sim -> {
                    quiet(sim, "client").task("work", () -> {
                        throw new IOException("the network");
                    });
                    sim.run(Duration.ofSeconds(2));
                }))
                .isNull();
    }

    @Test
    void a_callback_and_a_future_derived_by_one_that_throws_fail_the_run() {
        assertThat(failureOf(sim -> {
                    quiet(sim, "client").delay(Duration.ofMillis(1)).onDone((nothing, failure) -> {
                        throw new AssertionError("in a callback");
                    });
                    sim.run(Duration.ofSeconds(2));
                }))
                .hasMessageContaining("in a callback");
        assertThat(failureOf(sim -> {
                    quiet(sim, "client").delay(Duration.ofMillis(1)).map(nothing -> {
                        throw new AssertionError("in a mapping");
                    });
                    sim.run(Duration.ofSeconds(2));
                }))
                .hasMessageContaining("in a mapping");
    }

    @Test
    void a_handler_of_a_server_that_throws_fails_the_run() {
        assertThat(failureOf(sim -> {
                    Host server = sim.host("server");
                    Loop loop = server.loop(LoopOptions.defaults().reporter(report -> {}));
                    loop.serve(server.address(Echo.PORT), Pipeline.bytes(), request -> {
                        request.release();
                        throw new AssertionError("in a handler");
                    });
                    Loop client = quiet(sim, "client");
                    client.task("ask", () -> Echo.say(Echo.connect(client).await(), "hello"));
                    sim.run(Duration.ofSeconds(2));
                }))
                .hasMessageContaining("on host server")
                .hasMessageContaining("in a handler");
    }

    @Test
    void a_boot_after_a_crash_that_throws_fails_the_run() {
        assertThat(failureOf(sim -> {
                    var boots = new int[1];
                    sim.host("server", host -> {
                        if (++boots[0] == 2) {
                            throw new IllegalStateException("no second time");
                        }
                    });
                    sim.schedule(Duration.ofSeconds(1), Duration.ofSeconds(1), Faults.crash("server"));
                    sim.run(Duration.ofSeconds(5));
                }))
                .hasMessageContaining("on host server: its boot threw")
                .hasMessageContaining("at 2 s");
    }

    @Test
    void what_is_expected_fails_nothing() {
        assertThatCode(() -> {
                    try (var sim = Simulation.seed(42)) {
                        sim.expect(failure -> failure instanceof IllegalStateException);
                        Loop loop = quiet(sim, "client");
                        loop.schedule("throws", () -> {
                            throw new IllegalStateException("belongs here");
                        });
                        sim.run(Duration.ofSeconds(2));
                    }
                })
                .doesNotThrowAnyException();
    }

    @Test
    void an_expectation_that_throws_expects_nothing_and_is_told_with_what_it_was_asked_about() {
        assertThat(failureOf(sim -> {
                    sim.expect(failure -> failure.getMessage().contains("draining"));
                    quiet(sim, "client").schedule("throws", () -> {
                        throw new AssertionError();
                    });
                    sim.run(Duration.ofSeconds(2));
                }))
                .hasMessageContaining("on host client: client/main: throws threw java.lang.AssertionError\n")
                .hasMessageContaining("the condition of an expect threw java.lang.NullPointerException")
                .hasMessageContaining("at 0 s of virtual time")
                .cause()
                .isInstanceOf(AssertionError.class)
                .hasNoCause();
    }

    @Test
    void connections_that_fail_because_of_the_network_fail_nothing() {
        assertThat(failureOf(sim -> {
                    sim.host("server", Echo::serve);
                    Loop loop = quiet(sim, "client");
                    Future<ByteBuf> answer = loop.task("ask", () -> {
                        var connection = Echo.connect(loop).await();
                        sim.inject(Faults.reset("server", "client"));
                        return connection.receive().await();
                    });
                    sim.run(Duration.ofSeconds(5));
                    assertThat(answer.isDone()).isTrue();
                }))
                .isNull();
    }

    /** A decoder that mistakes an incomplete line for a violation, and a client that retries whatever happens. */
    private static void misread(Simulation sim) {
        Codec<String, String> lines = Codec.of(
                (in, context) -> {
                    int end = in.indexOf(in.readerIndex(), in.writerIndex(), (byte) '\n');
                    if (end < 0) {
                        throw new ProtocolException("a line without an end");
                    }
                    String line = in.readString(end - in.readerIndex(), StandardCharsets.US_ASCII);
                    in.skipBytes(1);
                    return line;
                },
                (String line, ByteBuf out) -> out.writeCharSequence(line + "\n", StandardCharsets.US_ASCII));
        sim.host(
                "server",
                host -> host.loop("main")
                        .serve(
                                host.address(Echo.PORT),
                                Pipeline.of(lines),
                                request -> Future.of("answer to " + request)));
        Loop loop = quiet(sim, "client");
        loop.task("calls", () -> {
            while (true) {
                try (var client = loop.connect(
                                "server",
                                Echo.PORT,
                                ClientProtocol.inOrder(Pipeline.of(lines)).deadline(Duration.ofSeconds(1)),
                                ConnectOptions.defaults())
                        .await()) {
                    for (int n = 0; ; n++) {
                        client.call("request " + n).await();
                    }
                } catch (IOException e) {
                    loop.delay(Duration.ofMillis(100)).await();
                }
            }
        });
        sim.run(Duration.ofSeconds(3));
    }

    @Test
    void a_violation_fails_the_run_whoever_has_caught_it_because_this_network_changes_no_byte() {
        Throwable failure = LongStream.rangeClosed(1, 20)
                .mapToObj(seed -> Trial.run(seed, VerdictTest::misread).failure())
                .filter(Objects::nonNull)
                .findFirst()
                .orElseThrow();
        assertThat(failure)
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("broke the protocol: a line without an end")
                .hasCauseInstanceOf(ProtocolException.class);
        assertThat(failureOf(sim -> {
                    sim.expect(each -> each instanceof ProtocolException);
                    misread(sim);
                }))
                .isNull();
        assertThat(failureOf(sim -> {
                    quiet(sim, "client").task("read", () -> {
                        throw new ProtocolException("expected CR LF, found 0x41");
                    });
                    sim.run(Duration.ofSeconds(2));
                }))
                .hasMessageContaining("expected CR LF, found 0x41");
    }

    @Test
    void a_stream_that_is_cut_short_within_a_message_fails_nothing() {
        assertThat(failureOf(sim -> {
                    Codec<String, String> never = Codec.of((in, context) -> null, (String text, ByteBuf out) -> {});
                    var failures = new ArrayList<Throwable>();
                    Host server = sim.host("server");
                    server.loop("main")
                            .listen(
                                    server.address(Echo.PORT),
                                    Pipeline.of(never),
                                    connection ->
                                            connection.receive().onDone((message, failure) -> failures.add(failure)));
                    Loop loop = quiet(sim, "client");
                    loop.task("half a message", () -> {
                        var connection = loop.connect(server.address(Echo.PORT), Pipeline.bytes())
                                .await();
                        connection.write(Echo.text("half a "));
                        connection.close();
                        return null;
                    });
                    sim.run(Duration.ofSeconds(2));
                    assertThat(failures)
                            .singleElement()
                            .isInstanceOfSatisfying(
                                    ProtocolException.class,
                                    violation ->
                                            assertThat(violation.streamEnded()).isTrue());
                }))
                .isNull();
    }

    @Test
    void whoever_catches_everything_fails_all_the_same() {
        assertThat(failureOf(sim -> {
                    quiet(sim, "client").schedule("throws", () -> {
                        throw new AssertionError("not to be swallowed");
                    });
                    assertThatThrownBy(() -> sim.run(Duration.ofSeconds(1))).isInstanceOf(AssertionError.class);
                }))
                .hasMessageContaining("not to be swallowed");
    }

    @Test
    void what_fails_at_the_very_end_fails_the_close() {
        var sim = Simulation.seed(42);
        quiet(sim, "client").schedule("throws", () -> {
            throw new AssertionError("at the end");
        });
        assertThatThrownBy(sim::close).hasMessageContaining("at the end");
    }
}
