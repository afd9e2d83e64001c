package rill.bridge.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.channel.EventLoop;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.socket.ChannelOutputShutdownException;
import io.netty.handler.codec.LineBasedFrameDecoder;
import io.netty.handler.codec.string.StringDecoder;
import io.netty.handler.codec.string.StringEncoder;
import io.netty.util.concurrent.DefaultEventExecutorGroup;
import io.netty.util.concurrent.ImmediateEventExecutor;
import io.netty.util.concurrent.Promise;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import rill.Connection;
import rill.Future;
import rill.Loop;
import rill.Pipeline;
import rill.Report;
import rill.testing.ManualClock;
import rill.testkit.Leaks;

/** Tests the event loop that handlers see: when it runs what it receives, by which clock, and what it rejects. */
@ExtendWith(Leaks.class)
class HandlersOnTheLoopTest {
    /** Returns a pipeline of lines, with a handler that runs this once it is active. */
    private static Pipeline<String, String> lines(Consumer<ChannelHandlerContext> atFirst) {
        return Pipeline.of(NettyHandlers.of(handlers -> handlers.addLast(
                        new LineBasedFrameDecoder(100),
                        new StringDecoder(),
                        new StringEncoder(),
                        new ChannelInboundHandlerAdapter() {
                            @Override
                            public void channelActive(ChannelHandlerContext context) {
                                atFirst.accept(context);
                            }
                        }))
                .codec(String.class, String.class));
    }

    /** Only differences between readings of a clock are meaningful. Netty treats a deadline below zero as one that never comes. */
    @Test
    void what_is_scheduled_runs_in_its_time_wherever_the_clock_begins() {
        for (long start : new long[] {Long.MIN_VALUE, -5_000_000_000_000L, -1, 0, Long.MAX_VALUE - 1_000_000}) {
            var rig = new Rig(new ManualClock(start));
            List<String> told = new ArrayList<>();
            Connection<String, String> connection = rig.connect(lines(context -> {
                var _ = context.executor().schedule(() -> told.add("late"), 10, TimeUnit.MILLISECONDS);
            }));
            rig.after(Duration.ofMillis(9));
            assertThat(told).as("from %d", start).isEmpty();
            rig.after(Duration.ofMillis(1));
            assertThat(told).as("from %d", start).containsExactly("late");
            rig.does(connection::close);
            rig.close();
        }
    }

    /** Where time stands still while something runs, each of these is due at once. */
    @Test
    void what_schedules_itself_without_a_delay_for_ever_does_not_keep_the_loop() {
        var rig = new Rig();
        int[] runs = {0};
        var forEver = new Consumer<ChannelHandlerContext>() {
            @Override
            public void accept(ChannelHandlerContext context) {
                if (++runs[0] > 10_000_000) {
                    throw new AssertionError("it keeps the loop");
                }
                var _ = context.executor().schedule(() -> accept(context), 0, TimeUnit.NANOSECONDS);
            }
        };
        Connection<String, String> connection = rig.connect(lines(forEver));
        int before = runs[0];
        rig.peerSays("one\n");
        assertThat(rig.received).containsExactly("one");
        assertThat(runs[0]).isGreaterThan(before).isLessThan(10_000_000);
        rig.does(connection::close);
        rig.close();
    }

    // ---- outside of the connection's calls, for example in a callback of a Future

    private static void on(Rig rig, ChannelHandlerContext context, Consumer<ChannelHandlerContext> does) {
        rig.does(() -> does.accept(context));
    }

    @Test
    void what_is_given_to_it_outside_of_the_calls_of_the_connection_runs_in_one_of_its_own() {
        var rig = new Rig();
        List<ChannelHandlerContext> contexts = new ArrayList<>();
        Connection<String, String> connection = rig.connect(lines(contexts::add));
        ChannelHandlerContext context = contexts.getFirst();
        EventLoop events = context.channel().eventLoop();
        on(rig, context, it -> events.execute(() -> it.writeAndFlush("executed;")));
        assertThat(rig.sent()).isEqualTo("executed;");
        on(rig, context, it -> {
            var _ = events.schedule(() -> it.writeAndFlush("scheduled;"), 10, TimeUnit.MILLISECONDS);
        });
        rig.after(Duration.ofMillis(9));
        assertThat(rig.sent()).isEqualTo("executed;");
        rig.after(Duration.ofMillis(1));
        assertThat(rig.sent()).isEqualTo("executed;scheduled;");
        rig.peerSays("one\n");
        assertThat(rig.received).containsExactly("one");
        rig.does(connection::close);
        rig.close();
    }

    @Test
    void what_a_handler_writes_outside_of_the_calls_of_the_connection_leaves_in_its_order() {
        var rig = new Rig();
        List<ChannelHandlerContext> contexts = new ArrayList<>();
        List<ChannelFuture> written = new ArrayList<>();
        Connection<String, String> connection = rig.connect(lines(contexts::add));
        rig.does(() -> {
            connection.write("a");
            written.add(contexts.getFirst().write("b"));
            written.add(contexts.getFirst().writeAndFlush("c"));
        });
        assertThat(written).hasSize(2).allMatch(ChannelFuture::isSuccess);
        assertThat(rig.sent()).isEqualTo("abc");
        rig.does(connection::close);
        rig.close();
    }

    @Test
    void what_a_handler_passes_on_outside_of_the_calls_of_the_connection_is_received() {
        var rig = new Rig();
        List<ChannelHandlerContext> contexts = new ArrayList<>();
        Connection<String, String> connection = rig.connect(lines(contexts::add));
        on(rig, contexts.getFirst(), it -> {
            it.fireChannelRead("first");
            it.fireChannelRead("second");
        });
        assertThat(rig.received).containsExactly("first", "second");
        on(rig, contexts.getFirst(), ChannelHandlerContext::close);
        assertThat(rig.received).containsExactly("first", "second", "<end>");
        rig.does(connection::close);
        rig.close();
    }

    @Test
    void what_a_handler_throws_outside_of_the_calls_of_the_connection_fails_it() {
        var rig = new Rig();
        List<ChannelHandlerContext> contexts = new ArrayList<>();
        rig.connect(lines(contexts::add));
        on(
                rig,
                contexts.getFirst(),
                it -> it.executor().execute(() -> {
                    throw new IllegalStateException("on purpose");
                }));
        assertThat(rig.failures)
                .singleElement()
                .satisfies(failure -> assertThat(failure).hasMessageContaining("on purpose"));
        rig.close();
    }

    @Test
    void a_write_that_is_completed_outside_of_the_calls_of_the_connection_lets_others_follow() {
        var rig = new Rig();
        List<Runnable> kept = new ArrayList<>();
        Connection<String, String> connection = rig.connect(Pipeline.of(NettyHandlers.of(handlers ->
                        handlers.addLast(new StringDecoder(), new StringEncoder(), new ChannelOutboundHandlerAdapter() {
                            @Override
                            public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
                                kept.add(() -> context.writeAndFlush(message, promise));
                            }
                        }))
                .codec(String.class, String.class)));
        rig.write(connection, "a");
        rig.write(connection, "b");
        assertThat(rig.sent()).isEmpty();
        assertThat(kept).hasSize(1);
        rig.does(kept.getFirst());
        assertThat(rig.sent()).isEqualTo("a");
        rig.does(kept.get(1));
        assertThat(rig.sent()).isEqualTo("ab");
        rig.does(connection::close);
        rig.close();
    }

    // ---- writes before a message that can't be encoded

    @Test
    void a_message_that_an_encoder_refuses_leaves_what_a_handler_has_written_before_it() {
        var rig = new Rig();
        List<ChannelHandlerContext> contexts = new ArrayList<>();
        List<ChannelFuture> written = new ArrayList<>();
        List<Future<?>> refused = new ArrayList<>();
        Connection<String, Object> connection = rig.connect(Pipeline.of(NettyHandlers.of(handlers -> handlers.addLast(
                        new LineBasedFrameDecoder(100),
                        new StringDecoder(),
                        new StringEncoder(),
                        new ChannelInboundHandlerAdapter() {
                            @Override
                            public void channelActive(ChannelHandlerContext context) {
                                contexts.add(context);
                            }
                        }))
                .codec(String.class, Object.class)));
        ChannelHandlerContext context = contexts.getFirst();
        rig.does(() -> connection.onFailure(failure -> {
            rig.failures.add(failure.cause());
            if (failure.survivable()) {
                failure.carryOn();
            }
        }));
        rig.does(() -> {
            written.add(context.writeAndFlush("b;"));
            refused.add(connection.write(1)); // there is no encoder for it
            context.executor().execute(() -> written.add(context.writeAndFlush("c;")));
            refused.add(connection.write(2));
        });
        assertThat(refused).allMatch(each -> each.failure() instanceof IllegalArgumentException);
        assertThat(rig.failures).hasSize(2).allMatch(each -> each instanceof IllegalArgumentException);
        assertThat(written).hasSize(2).allMatch(ChannelFuture::isSuccess);
        assertThat(rig.sent()).isEqualTo("b;c;");
        rig.does(() -> {
            written.add(context.writeAndFlush("d;"));
            refused.add(connection.write(3));
            connection.write("e;");
        });
        assertThat(rig.sent()).isEqualTo("b;c;d;e;");
        rig.does(connection::close);
        rig.close();
    }

    // ---- other threads

    private static void elsewhere(Runnable action) {
        Thread thread = Thread.ofPlatform().start(action);
        try {
            thread.join();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void what_another_thread_gives_it_runs_on_the_loop_in_its_order() {
        var rig = new Rig();
        List<ChannelHandlerContext> contexts = new ArrayList<>();
        List<Object> loops = new ArrayList<>();
        Connection<String, String> connection = rig.connect(lines(contexts::add));
        ChannelHandlerContext context = contexts.getFirst();
        elsewhere(() -> {
            context.executor().execute(() -> loops.add(Loop.current()));
            context.write("a");
            context.writeAndFlush("b");
            context.fireChannelRead("received");
            var _ = context.executor().schedule(() -> context.writeAndFlush("c"), 10, TimeUnit.MILLISECONDS);
        });
        assertThat(loops).as("within the other thread").isEmpty();
        rig.ticks();
        assertThat(loops).containsExactly(rig.loop);
        assertThat(rig.sent()).isEqualTo("ab");
        assertThat(rig.received).containsExactly("received");
        rig.after(Duration.ofMillis(10));
        assertThat(rig.sent()).isEqualTo("abc");
        rig.does(connection::close);
        rig.close();
    }

    /** As a handler does that queries a database. */
    @Test
    void a_handler_that_has_its_answer_from_another_thread_gives_it() {
        var rig = new Rig();
        var work = new ArrayDeque<Runnable>();
        Connection<String, String> connection = rig.connect(Pipeline.of(NettyHandlers.of(handlers -> handlers.addLast(
                        new LineBasedFrameDecoder(100),
                        new StringDecoder(),
                        new StringEncoder(),
                        new SimpleChannelInboundHandler<String>() {
                            @Override
                            protected void channelRead0(ChannelHandlerContext context, String question) {
                                work.add(() -> context.writeAndFlush("answer to " + question + ";"));
                            }
                        }))
                .codec(String.class, String.class)));
        rig.peerSays("one\ntwo\n");
        while (!work.isEmpty()) {
            elsewhere(work.remove());
        }
        rig.ticks();
        assertThat(rig.sent()).isEqualTo("answer to one;answer to two;");
        rig.does(connection::close);
        rig.close();
    }

    @Test
    void what_another_thread_writes_when_the_connection_is_gone_fails_and_is_released() {
        var rig = new Rig();
        List<ChannelHandlerContext> contexts = new ArrayList<>();
        Connection<String, String> connection = rig.connect(lines(contexts::add));
        ChannelHandlerContext context = contexts.getFirst();
        List<ChannelFuture> written = new ArrayList<>();
        ByteBuf before = Rig.bytes("before");
        ByteBuf after = Rig.bytes("after");
        ByteBuf passedOn = Rig.bytes("passed on");
        elsewhere(() -> written.add(context.writeAndFlush(before)));
        rig.does(connection::abort);
        elsewhere(() -> {
            written.add(context.writeAndFlush(after));
            context.fireChannelRead(passedOn);
            assertThatThrownBy(() -> context.executor().schedule(() -> {}, 1, TimeUnit.SECONDS))
                    .isInstanceOf(RejectedExecutionException.class);
        });
        rig.ticks();
        assertThat(List.of(before, after, passedOn)).allMatch(each -> each.refCnt() == 0);
        assertThat(written).allMatch(ChannelFuture::isDone);
        assertThat(written.get(1).cause()).isInstanceOf(ClosedChannelException.class);
        rig.close();
    }

    @Test
    void a_handler_with_an_executor_of_its_own_is_refused_in_words() {
        var rig = new Rig();
        var group = new DefaultEventExecutorGroup(1);
        try {
            Pipeline<String, String> pipeline = Pipeline.of(
                    NettyHandlers.of(handlers -> handlers.addLast(group, "slow", new ChannelInboundHandlerAdapter()))
                            .codec(String.class, String.class));
            Future<?> connecting = rig.loop.connect(rig.server().address(), pipeline);
            rig.ticks();
            assertThat(connecting.failure())
                    .isInstanceOf(UnsupportedOperationException.class)
                    .hasMessageContaining("the handler slow was added with an executor of its own");
        } finally {
            rig.close();
            group.shutdownGracefully(0, 0, TimeUnit.SECONDS).syncUninterruptibly();
        }
    }

    @Test
    void handlers_are_ready_when_a_future_of_another_thread_is_done() {
        for (boolean fails : new boolean[] {false, true}) {
            var rig = new Rig();
            List<Promise<Void>> agreed = new ArrayList<>();
            Future<Connection<String, String>> connecting = rig.loop.connect(
                    rig.server().address(),
                    Pipeline.of(Rig.lines()
                            .readyWhen(handlers -> {
                                Promise<Void> promise = ImmediateEventExecutor.INSTANCE.newPromise();
                                agreed.add(promise);
                                return promise;
                            })
                            .codec(String.class, String.class)));
            rig.ticks();
            assertThat(connecting.isDone()).isFalse();
            rig.does(() -> elsewhere(() -> {
                if (fails) {
                    agreed.getFirst().setFailure(new IOException("on purpose"));
                } else {
                    agreed.getFirst().setSuccess(null);
                }
            }));
            assertThat(connecting.isDone()).isTrue();
            if (fails) {
                assertThat(connecting.failure()).hasMessageContaining("on purpose");
            } else {
                Connection<String, String> connection = connecting.result();
                rig.does(connection::close);
            }
            rig.close();
        }
    }

    @Test
    void what_another_thread_has_scheduled_is_cancelled_with_the_connection() {
        var rig = new Rig();
        List<ChannelHandlerContext> contexts = new ArrayList<>();
        Connection<String, String> connection = rig.connect(lines(contexts::add));
        List<io.netty.util.concurrent.Future<?>> scheduled = new ArrayList<>();
        ChannelHandlerContext context = contexts.getFirst();
        rig.does(() -> {
            connection.abort();
            elsewhere(() -> {
                scheduled.add(context.executor().schedule(() -> {}, 1, TimeUnit.SECONDS));
                scheduled.add(context.executor().scheduleAtFixedRate(() -> {}, 0, 1, TimeUnit.SECONDS));
            });
        });
        assertThat(scheduled).hasSize(2).allMatch(java.util.concurrent.Future::isDone);
        rig.close();
    }

    /** The last of it is still in the queue of a loop that then ends. */
    @Test
    void what_another_thread_has_given_fails_and_is_released_if_the_loop_ends_before_it_runs() {
        var rig = new Rig();
        List<ChannelHandlerContext> contexts = new ArrayList<>();
        rig.connect(lines(contexts::add));
        ChannelHandlerContext context = contexts.getFirst();
        List<ByteBuf> given = new ArrayList<>();
        List<ChannelFuture> written = new ArrayList<>();
        List<io.netty.util.concurrent.Future<?>> scheduled = new ArrayList<>();
        var inEachRound = new Runnable() {
            @Override
            public void run() {
                rig.loop.execute(this);
                elsewhere(() -> {
                    if (!context.channel().isOpen()) {
                        return;
                    }
                    scheduled.add(context.executor().schedule(() -> {}, 1, TimeUnit.SECONDS));
                });
                elsewhere(() -> {
                    ByteBuf bytes = Rig.bytes("given");
                    given.add(bytes);
                    written.add(context.writeAndFlush(bytes));
                });
            }
        };
        rig.loop.execute(inEachRound);
        rig.loop.tick();
        rig.loops.selector().breakWith(new IOException("on purpose"));
        assertThatThrownBy(rig.loop::tick).hasRootCauseMessage("on purpose");
        assertThat(given).hasSizeGreaterThan(10).allMatch(each -> each.refCnt() == 0);
        assertThat(written).allMatch(ChannelFuture::isDone);
        assertThat(written.getLast().isSuccess()).isFalse();
        assertThat(scheduled).isNotEmpty().allMatch(java.util.concurrent.Future::isDone);
        rig.loops.reporter().take(Report.ConnectionFailed.class);
        rig.loops.close();
    }

    // ---- after the end

    @Test
    void what_a_handler_writes_after_the_end_of_the_output_fails_and_is_released() {
        var rig = new Rig();
        List<ChannelHandlerContext> contexts = new ArrayList<>();
        Connection<String, String> connection = rig.connect(lines(contexts::add));
        ByteBuf bytes = Rig.bytes("late");
        List<ChannelFuture> written = new ArrayList<>();
        rig.does(() -> {
            connection.write("one");
            connection.shutdownOutput();
        });
        on(rig, contexts.getFirst(), it -> written.add(it.writeAndFlush(bytes)));
        assertThat(written.getFirst().cause()).isInstanceOf(ChannelOutputShutdownException.class);
        assertThat(bytes.refCnt()).isZero();
        assertThat(rig.sent()).isEqualTo("one");
        assertThat(rig.failures).isEmpty();
        rig.does(connection::close);
        rig.close();
    }

    @Test
    void what_a_handler_passes_on_after_the_end_of_the_input_is_reported() {
        var rig = new Rig();
        List<ChannelHandlerContext> contexts = new ArrayList<>();
        Connection<String, String> connection = rig.connect(lines(contexts::add));
        ChannelHandlerContext context = contexts.getFirst();
        rig.does(() -> rig.peer().shutdownOutput());
        assertThat(rig.received).containsExactly("<end>");
        on(rig, context, it -> {
            it.fireUserEventTriggered("an event of which no message is made");
            it.fireChannelRead("late");
        });
        assertThat(rig.received).containsExactly("<end>");
        assertThat(rig.loops.reporter().take(Report.Thrown.class))
                .singleElement()
                .satisfies(thrown -> assertThat(thrown.cause())
                        .hasMessage(
                                "a handler has left a java.lang.String after the end of what is received was told"));
        assertThat(rig.failures).isEmpty();
        on(rig, context, it -> it.writeAndFlush("written all the same"));
        assertThat(rig.sent()).isEqualTo("written all the same");
        on(rig, context, it -> it.fireExceptionCaught(new IOException("on purpose")));
        assertThat(rig.failures)
                .singleElement()
                .satisfies(failure -> assertThat(failure).hasMessage("on purpose"));
        connection.abort();
        rig.close();
    }

    @Test
    void bytes_that_a_layer_passes_on_after_the_end_of_the_input_are_reported_and_released() {
        var rig = new Rig();
        List<ChannelHandlerContext> contexts = new ArrayList<>();
        Connection<String, String> connection = rig.connect(Rig.linesOver(
                NettyHandlers.of(handlers -> handlers.addLast(new ChannelInboundHandlerAdapter() {
                    @Override
                    public void channelActive(ChannelHandlerContext context) {
                        contexts.add(context);
                    }
                }))));
        rig.does(() -> rig.peer().shutdownOutput());
        assertThat(rig.received).containsExactly("<end>");
        ByteBuf late = Rig.bytes("late\n");
        on(rig, contexts.getFirst(), it -> {
            it.fireChannelRead(Rig.bytes(""));
            it.fireChannelRead(late);
        });
        assertThat(late.refCnt()).isZero();
        assertThat(rig.received).containsExactly("<end>");
        assertThat(rig.loops.reporter().take(Report.Thrown.class)).hasSize(1);
        rig.does(connection::close);
        rig.close();
    }
}
