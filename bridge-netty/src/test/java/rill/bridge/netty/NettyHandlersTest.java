package rill.bridge.netty;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.DelimiterBasedFrameDecoder;
import io.netty.handler.codec.Delimiters;
import io.netty.handler.codec.LengthFieldBasedFrameDecoder;
import io.netty.handler.codec.LengthFieldPrepender;
import io.netty.handler.codec.LineBasedFrameDecoder;
import io.netty.handler.codec.TooLongFrameException;
import io.netty.handler.codec.string.StringDecoder;
import io.netty.handler.codec.string.StringEncoder;
import io.netty.handler.timeout.IdleStateEvent;
import io.netty.handler.timeout.IdleStateHandler;
import io.netty.handler.timeout.ReadTimeoutException;
import io.netty.handler.timeout.ReadTimeoutHandler;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import rill.Connection;
import rill.Future;
import rill.Listener;
import rill.Loop;
import rill.Pipeline;
import rill.Report;
import rill.testing.Loops;
import rill.testkit.Leaks;

/** Tests Netty's handlers in Rill's pipelines, with a peer that sends bytes by hand. */
@ExtendWith(Leaks.class)
class NettyHandlersTest {
    private static final InetSocketAddress ANY = new InetSocketAddress("127.0.0.1", 0);

    private final Loops loops = Loops.manual();
    private final Loop loop = loops.open();
    private final List<String> received = new ArrayList<>();
    private final StringBuilder sent = new StringBuilder(); // to the peer
    private final List<Throwable> failures = new ArrayList<>();
    private @Nullable Connection<ByteBuf, ByteBuf> peer;

    @AfterEach
    void close() {
        loops.close();
    }

    private void ticks() {
        for (int i = 0; i < 50; i++) {
            loop.tick();
        }
    }

    /** Connects the end with the handlers, and records its messages. */
    private <W> Connection<String, W> connect(Pipeline<String, W> pipeline) {
        Listener server = loops.settle(loop.listen(ANY, Pipeline.bytes(), connection -> {
            peer = connection;
            connection.onMessage(
                    bytes -> {
                        sent.append(bytes.toString(StandardCharsets.ISO_8859_1));
                        bytes.release();
                    },
                    () -> sent.append("<end>"));
            connection.onFailure(failure -> sent.append("<failed>"));
        }));
        Connection<String, W> connection = loops.settle(loop.connect(server.address(), pipeline));
        loop.execute(() -> {
            connection.onMessage(received::add, () -> received.add("<end>"));
            connection.onFailure(failure -> failures.add(failure.cause()));
        });
        ticks();
        return connection;
    }

    private void peerSays(String text) {
        loop.execute(() -> peer.write(Unpooled.copiedBuffer(text, StandardCharsets.ISO_8859_1)));
        ticks();
    }

    private <W> void write(Connection<String, W> connection, W message) {
        loop.execute(() -> connection.write(message));
        ticks();
    }

    private void end(Connection<String, ?> connection) {
        loop.execute(() -> {
            connection.abort();
            peer.abort();
        });
        ticks();
        assertThat(loop.connections()).isZero();
    }

    private static NettyHandlers lines() {
        return NettyHandlers.of(
                handlers -> handlers.addLast(new LineBasedFrameDecoder(100), new StringDecoder(), new StringEncoder()));
    }

    // ---- as a codec

    @Test
    void a_codec_of_handlers_reads_and_writes_messages() {
        Connection<String, String> connection = connect(Pipeline.of(lines().codec(String.class, String.class)));
        peerSays("one\ntw");
        assertThat(received).containsExactly("one");
        peerSays("o\r\n");
        write(connection, "three\n");
        assertThat(received).containsExactly("one", "two");
        assertThat(sent.toString()).isEqualTo("three\n");
        end(connection);
    }

    @Test
    void many_messages_of_one_read_arrive_in_order_and_one_at_a_time() {
        Connection<String, String> connection = connect(Pipeline.of(lines().codec(String.class, String.class)));
        loop.execute(connection::pause);
        peerSays("1\n2\n3\n4\n5\n6\npart");
        assertThat(received).isEmpty();
        loop.execute(connection::resume);
        ticks();
        assertThat(received).containsExactly("1", "2", "3", "4", "5", "6");
        peerSays("ly\n7\n");
        assertThat(received.subList(6, 8)).containsExactly("partly", "7");
        end(connection);
    }

    @Test
    void the_end_of_the_stream_comes_after_what_handlers_have_made_of_the_last_bytes() {
        NettyHandlers counting = NettyHandlers.of(handlers -> handlers.addLast(new ChannelInboundHandlerAdapter() {
            private final StringBuilder all = new StringBuilder();

            @Override
            public void channelRead(ChannelHandlerContext context, Object message) {
                all.append(((ByteBuf) message).toString(StandardCharsets.US_ASCII));
                ((ByteBuf) message).release();
            }

            @Override
            public void userEventTriggered(ChannelHandlerContext context, Object event) {
                for (String each : all.toString().split(",", -1)) {
                    context.fireChannelRead(each);
                }
                all.setLength(0);
                context.fireUserEventTriggered(event);
            }
        }));
        Connection<String, String> connection = connect(Pipeline.of(counting.codec(String.class, String.class)));
        peerSays("a,b,c");
        assertThat(received).isEmpty();
        loop.execute(() -> peer.shutdownOutput());
        ticks();
        assertThat(received.subList(0, 3)).containsExactly("a", "b", "c");
        assertThat(received).last().isEqualTo("<end>");
        end(connection);
    }

    @Test
    void what_a_handler_answers_by_itself_is_sent() {
        NettyHandlers greeting = NettyHandlers.of(handlers -> handlers.addLast(
                new LineBasedFrameDecoder(100),
                new StringDecoder(),
                new StringEncoder(),
                new ChannelInboundHandlerAdapter() {
                    @Override
                    public void channelActive(ChannelHandlerContext context) {
                        var _ = context.writeAndFlush("hello\n");
                        context.fireChannelActive();
                    }

                    @Override
                    public void channelRead(ChannelHandlerContext context, Object message) {
                        if (message.equals("ping")) {
                            var _ = context.writeAndFlush("pong\n");
                        } else {
                            context.fireChannelRead(message);
                        }
                    }
                }));
        Connection<String, String> connection = connect(Pipeline.of(greeting.codec(String.class, String.class)));
        assertThat(sent.toString()).isEqualTo("hello\n");
        peerSays("ping\nother\n");
        assertThat(sent.toString()).isEqualTo("hello\npong\n");
        assertThat(received).containsExactly("other");
        end(connection);
    }

    @Test
    void a_handler_knows_the_peer() {
        List<Object> known = new ArrayList<>();
        NettyHandlers asking =
                NettyHandlers.of(handlers -> known.add(handlers.channel().remoteAddress()));
        Connection<String, String> connection = connect(Pipeline.of(asking.codec(String.class, String.class)));
        assertThat(known).containsExactly(connection.remoteAddress());
        end(connection);
    }

    @Test
    void what_a_handler_throws_fails_the_connection() {
        Connection<String, String> connection = connect(Pipeline.of(lines().codec(String.class, String.class)));
        peerSays("x".repeat(200) + "\n");
        assertThat(failures).singleElement().isInstanceOf(TooLongFrameException.class);
        loop.execute(peer::abort);
        ticks();
        assertThat(connection.isOpen()).isFalse();
        assertThat(loop.connections()).isZero();
    }

    @Test
    void what_handlers_make_of_a_message_has_to_be_bytes_and_the_connection_may_go_on() {
        NettyHandlers reading =
                NettyHandlers.of(handlers -> handlers.addLast(new LineBasedFrameDecoder(100), new StringDecoder()));
        Connection<String, Object> connection = connect(Pipeline.of(reading.codec(String.class, Object.class)));
        loop.execute(() -> connection.onFailure(failure -> {
            failures.add(failure.cause());
            failure.carryOn();
        }));
        write(connection, "a String");
        assertThat(failures)
                .singleElement()
                .satisfies(failure -> assertThat(failure)
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("made a java.lang.String of what was written"));
        peerSays("still there\n");
        assertThat(received).containsExactly("still there");
        end(connection);
    }

    /** Handlers may hold memory outside the heap, as Netty's TLS does. It is freed when they are removed. */
    @Test
    void handlers_that_an_initializer_has_added_before_it_throws_are_removed() {
        List<String> told = new ArrayList<>();
        Consumer<ChannelPipeline> half = pipeline -> {
            pipeline.addLast(new ChannelInboundHandlerAdapter() {
                @Override
                public void handlerAdded(ChannelHandlerContext context) {
                    told.add("added");
                }

                @Override
                public void channelActive(ChannelHandlerContext context) {
                    told.add("active");
                }

                @Override
                public void handlerRemoved(ChannelHandlerContext context) {
                    told.add("removed");
                }
            });
            throw new IllegalStateException("half");
        };
        Listener server = loops.settle(loop.listen(ANY, Pipeline.bytes(), Connection::abort));
        Future<?> connecting = loop.connect(
                server.address(), Pipeline.of(NettyHandlers.of(half).codec(String.class, ByteBuf.class)));
        loops.tickUntil(connecting::isDone);
        assertThat(connecting.failure()).hasMessage("half");
        assertThat(told).containsExactly("added", "removed");
    }

    @Test
    void a_message_of_another_type_than_expected_fails_the_connection_and_is_released() {
        NettyHandlers frames = NettyHandlers.of(handlers -> handlers.addLast(new LineBasedFrameDecoder(100)));
        Connection<String, ByteBuf> connection = connect(Pipeline.of(frames.codec(String.class, ByteBuf.class)));
        peerSays("bytes\n");
        assertThat(failures)
                .singleElement()
                .satisfies(failure -> assertThat(failure)
                        .isInstanceOf(IOException.class)
                        .hasMessageContaining("and a java.lang.String was expected"));
        assertThat(connection.isOpen()).isFalse();
        loop.execute(peer::abort);
        ticks();
    }

    @Test
    void an_initializer_that_throws_fails_connect() {
        NettyHandlers failing = NettyHandlers.of(handlers -> {
            throw new IllegalStateException("on purpose");
        });
        Listener server = loops.settle(loop.listen(ANY, Pipeline.bytes(), connection -> connection.onFailure(f -> {})));
        Future<Connection<String, String>> connecting =
                loop.connect(server.address(), Pipeline.of(failing.codec(String.class, String.class)));
        assertThat(loops.failureOf(connecting)).hasMessage("on purpose");
        ticks();
        loops.reporter().take(Report.ConnectionFailed.class);
    }

    @Test
    void a_handler_that_closes_ends_what_is_received() {
        NettyHandlers closing = NettyHandlers.of(handlers -> handlers.addLast(
                new LineBasedFrameDecoder(100), new StringDecoder(), new ChannelInboundHandlerAdapter() {
                    @Override
                    public void channelRead(ChannelHandlerContext context, Object message) {
                        context.fireChannelRead(message);
                        var _ = context.close();
                    }
                }));
        Connection<String, String> connection = connect(Pipeline.of(closing.codec(String.class, String.class)));
        peerSays("last\n");
        assertThat(received).containsExactly("last", "<end>");
        end(connection);
    }

    // ---- time and events

    @Test
    void idle_time_is_told_by_an_event_by_the_loops_clock() {
        NettyHandlers idle = NettyHandlers.of(handlers -> {
            handlers.addLast(new IdleStateHandler(10, 0, 0));
            lineHandlers(handlers);
        });
        Pipeline<String, String> pipeline = Pipeline.of(idle.codec(
                String.class,
                String.class,
                event -> event instanceof IdleStateEvent state ? "<" + state.state() + ">" : null));
        Connection<String, String> connection = connect(pipeline);
        loops.clock().advance(Duration.ofSeconds(6));
        peerSays("busy\n");
        loops.clock().advance(Duration.ofSeconds(6));
        ticks();
        assertThat(received).containsExactly("busy");
        loops.clock().advance(Duration.ofSeconds(4));
        ticks();
        assertThat(received).containsExactly("busy", "<READER_IDLE>");
        loops.clock().advance(Duration.ofSeconds(10));
        ticks();
        assertThat(received).containsExactly("busy", "<READER_IDLE>", "<READER_IDLE>");
        end(connection);
        assertThat(loop.nextTimer()).as("timers of a connection that is gone").isEmpty();
    }

    private static void lineHandlers(ChannelPipeline handlers) {
        handlers.addLast(new LineBasedFrameDecoder(100), new StringDecoder(), new StringEncoder());
    }

    @Test
    void a_timeout_that_a_handler_throws_fails_the_connection() {
        NettyHandlers timed = NettyHandlers.of(handlers -> {
            handlers.addLast(new ReadTimeoutHandler(5));
            lineHandlers(handlers);
        });
        connect(Pipeline.of(timed.codec(String.class, String.class)));
        loops.clock().advance(Duration.ofSeconds(5));
        ticks();
        assertThat(failures).singleElement().isInstanceOf(ReadTimeoutException.class);
        loop.execute(peer::abort);
        ticks();
    }

    // ---- as a layer

    @Test
    void a_layer_of_handlers_changes_bytes_beneath_any_codec() {
        NettyHandlers framed = NettyHandlers.of(handlers ->
                handlers.addLast(new LengthFieldBasedFrameDecoder(1_000, 0, 2, 0, 2), new LengthFieldPrepender(2)));
        Pipeline<String, String> pipeline =
                Pipeline.of(lines().codec(String.class, String.class)).over(framed.layer());
        Connection<String, String> connection = connect(pipeline);
        peerSays("\0\3one\0\2\nt");
        peerSays("\0\3wo\n\0");
        assertThat(received).containsExactly("one", "two");
        write(connection, "three\n");
        assertThat(sent.toString()).isEqualTo("\0\6three\n");
        peerSays("\4end\n");
        assertThat(received).containsExactly("one", "two", "end");
        end(connection);
    }

    @Test
    void what_a_layers_handlers_leave_has_to_be_bytes() {
        Connection<String, String> connection =
                connect(Pipeline.of(lines().codec(String.class, String.class)).over(lines().layer()));
        peerSays("one\n");
        assertThat(failures)
                .singleElement()
                .satisfies(failure -> assertThat(failure).hasMessageContaining("a layer's have to leave bytes"));
        assertThat(connection.isOpen()).isFalse();
        loop.execute(peer::abort);
        ticks();
    }

    @Test
    void what_handlers_keep_when_the_connection_goes_is_released() {
        List<ByteBuf> kept = new ArrayList<>();
        Consumer<ChannelPipeline> keeping = handlers -> handlers.addLast(
                new DelimiterBasedFrameDecoder(100, Delimiters.nulDelimiter()),
                new StringDecoder(),
                new ChannelOutboundHandlerAdapter() {
                    private final List<Object> waiting = new ArrayList<>();

                    @Override
                    public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
                        kept.add((ByteBuf) message);
                        waiting.add(message);
                        promise.setSuccess();
                    }

                    @Override
                    public void handlerRemoved(ChannelHandlerContext context) {
                        waiting.forEach(each -> ((ByteBuf) each).release());
                    }
                });
        Connection<String, ByteBuf> connection =
                connect(Pipeline.of(NettyHandlers.of(keeping).codec(String.class, ByteBuf.class)));
        peerSays("unfinished");
        write(connection, Unpooled.copiedBuffer("kept", StandardCharsets.US_ASCII));
        assertThat(kept)
                .singleElement()
                .satisfies(each -> assertThat(each.refCnt()).isEqualTo(1));
        end(connection);
        assertThat(kept)
                .singleElement()
                .satisfies(each -> assertThat(each.refCnt()).isZero());
    }

    @Test
    void what_a_handler_throws_when_the_connection_goes_is_reported_and_the_others_are_told() {
        List<String> told = new ArrayList<>();
        Consumer<ChannelPipeline> handlers = pipeline -> pipeline.addLast(
                new LineBasedFrameDecoder(100),
                new StringDecoder(),
                new ChannelInboundHandlerAdapter() {
                    @Override
                    public void channelInactive(ChannelHandlerContext context) {
                        context.fireChannelInactive();
                        throw new IllegalStateException("not now");
                    }
                },
                new ChannelInboundHandlerAdapter() {
                    @Override
                    public void channelInactive(ChannelHandlerContext context) {
                        told.add("inactive");
                    }
                });
        Connection<String, ByteBuf> connection =
                connect(Pipeline.of(NettyHandlers.of(handlers).codec(String.class, ByteBuf.class)));
        end(connection);
        assertThat(told).containsExactly("inactive");
        assertThat(loops.reporter().take(Report.Thrown.class)).singleElement().satisfies(thrown -> {
            assertThat(thrown.what()).contains("closed() of a session");
            assertThat(thrown.cause()).hasMessage("not now");
        });
    }
}
