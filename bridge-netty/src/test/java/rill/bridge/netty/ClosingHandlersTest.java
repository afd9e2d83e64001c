package rill.bridge.netty;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.LineBasedFrameDecoder;
import io.netty.handler.codec.compression.JdkZlibEncoder;
import io.netty.handler.codec.compression.ZlibWrapper;
import io.netty.handler.codec.string.StringDecoder;
import io.netty.handler.codec.string.StringEncoder;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import rill.Connection;
import rill.Pipeline;
import rill.Report;
import rill.testkit.Leaks;

/** Tests how a connection with handlers ends: by its owner, and then the handlers may say good-bye, or by a handler that closes its channel. */
@ExtendWith(Leaks.class)
class ClosingHandlersTest {
    private final Rig rig = new Rig();

    @AfterEach
    void close() {
        rig.close();
    }

    // ---- by its owner

    private static NettyHandlers gzip() {
        return NettyHandlers.of(handlers -> handlers.addLast(new JdkZlibEncoder(ZlibWrapper.GZIP)));
    }

    @Test
    void a_compressing_layer_ends_its_stream_when_the_connection_is_closed() throws IOException {
        Connection<String, String> connection = rig.connect(Rig.linesOver(gzip()));
        rig.does(() -> {
            connection.write("hello");
            connection.close();
        });
        assertThat(rig.peerEnded()).isTrue();
        assertThat(unzipped()).isEqualTo("hello");
    }

    @Test
    void a_compressing_layer_ends_its_stream_when_the_output_is_shut_down_and_input_goes_on() throws IOException {
        Connection<String, String> connection = rig.connect(Rig.linesOver(gzip()));
        rig.does(() -> {
            connection.write("hello");
            connection.shutdownOutput();
        });
        assertThat(rig.peerEnded()).isTrue();
        assertThat(unzipped()).isEqualTo("hello");
        rig.peerSays("answer\n");
        assertThat(rig.received).containsExactly("answer");
        rig.does(rig.peer()::close);
        assertThat(rig.received).containsExactly("answer", "<end>");
        assertThat(rig.failures).isEmpty();
    }

    private String unzipped() throws IOException {
        return new String(
                new GZIPInputStream(new ByteArrayInputStream(rig.sentBytes())).readAllBytes(),
                StandardCharsets.US_ASCII);
    }

    /** Says good-bye when it is asked to close, as SslHandler, WebSocketServerProtocolHandler and others do. */
    private static final class Polite extends ChannelOutboundHandlerAdapter {
        @Override
        public void close(ChannelHandlerContext context, ChannelPromise promise) {
            var _ = context.writeAndFlush(Rig.bytes("bye")).addListener(done -> context.close(promise));
        }
    }

    @Test
    void handlers_are_asked_to_close_while_something_can_still_be_written() {
        NettyHandlers polite = NettyHandlers.of(handlers -> handlers.addLast(new StringEncoder(), new Polite()));
        Connection<String, String> connection = rig.connect(Pipeline.of(polite.codec(String.class, String.class)));
        rig.does(() -> {
            connection.write("hello ");
            connection.close();
        });
        assertThat(rig.sent()).isEqualTo("hello bye");
    }

    @Test
    void handlers_that_were_added_in_front_are_asked_as_well() {
        NettyHandlers polite =
                NettyHandlers.of(handlers -> handlers.addLast(new StringEncoder(), new ChannelInboundHandlerAdapter() {
                    @Override
                    public void channelActive(ChannelHandlerContext context) {
                        context.pipeline().addFirst(new Polite()); // as for STARTTLS
                    }
                }));
        Connection<String, String> connection = rig.connect(Pipeline.of(polite.codec(String.class, String.class)));
        rig.does(() -> {
            connection.write("hello ");
            connection.shutdownOutput();
        });
        assertThat(rig.sent()).isEqualTo("hello bye");
        assertThat(rig.received).as("its input goes on").isEmpty();
        rig.does(connection::close);
    }

    @Test
    void handlers_are_told_that_the_channel_is_inactive_even_if_they_put_off_its_close() {
        List<String> told = new ArrayList<>();
        NettyHandlers stubborn = NettyHandlers.of(handlers -> handlers.addLast(
                new LineBasedFrameDecoder(100),
                new StringDecoder(),
                new ChannelOutboundHandlerAdapter() {
                    @Override
                    public void close(ChannelHandlerContext context, ChannelPromise promise) {
                        var _ = context.executor().schedule(() -> context.close(promise), 1, TimeUnit.DAYS);
                    }
                },
                new ChannelInboundHandlerAdapter() {
                    @Override
                    public void channelInactive(ChannelHandlerContext context) {
                        told.add("inactive");
                    }

                    @Override
                    public void handlerRemoved(ChannelHandlerContext context) {
                        told.add("removed");
                    }
                }));
        Connection<String, ByteBuf> connection = rig.connect(Pipeline.of(stubborn.codec(String.class, ByteBuf.class)));
        rig.does(connection::close);
        rig.does(rig.peer()::close);
        assertThat(told).containsExactly("inactive", "removed");
        assertThat(rig.loop.nextTimer()).isEmpty();
    }

    @Test
    void whatever_a_handler_throws_at_the_end_is_reported() {
        NettyHandlers throwing = NettyHandlers.of(handlers -> handlers.addLast(
                new LineBasedFrameDecoder(100), new StringDecoder(), new ChannelInboundHandlerAdapter() {
                    @Override
                    public void channelInactive(ChannelHandlerContext context) throws Exception {
                        throw new Exception("checked");
                    }
                }));
        Connection<String, ByteBuf> connection = rig.connect(Pipeline.of(throwing.codec(String.class, ByteBuf.class)));
        rig.does(connection::abort);
        assertThat(rig.loops.reporter().take(Report.Thrown.class))
                .singleElement()
                .satisfies(thrown -> assertThat(thrown.cause()).hasRootCauseMessage("checked"));
    }

    /** Only the task can release what it holds, and Netty's loops run each of them. */
    @Test
    void tasks_that_follow_one_another_when_the_connection_is_gone_all_run() {
        ByteBuf held = Rig.bytes("held");
        var chain = new Object() {
            void next(ChannelHandlerContext context, int left) {
                if (left == 0) {
                    held.release();
                } else {
                    context.executor().execute(() -> next(context, left - 1));
                }
            }
        };
        NettyHandlers tidying = NettyHandlers.of(handlers -> handlers.addLast(
                new LineBasedFrameDecoder(100), new StringDecoder(), new ChannelInboundHandlerAdapter() {
                    @Override
                    public void channelInactive(ChannelHandlerContext context) {
                        chain.next(context, 230);
                    }
                }));
        Connection<String, ByteBuf> connection = rig.connect(Pipeline.of(tidying.codec(String.class, ByteBuf.class)));
        rig.does(connection::abort);
        rig.ticks();
        assertThat(held.refCnt()).isZero();
    }

    @Test
    void a_good_bye_that_throws_is_reported() {
        NettyHandlers rude = NettyHandlers.of(handlers -> handlers.addLast(
                new LineBasedFrameDecoder(100), new StringDecoder(), new ChannelOutboundHandlerAdapter() {
                    @Override
                    public void close(ChannelHandlerContext context, ChannelPromise promise) {
                        context.fireExceptionCaught(new IllegalStateException("no"));
                        var _ = context.close(promise);
                    }
                }));
        Connection<String, ByteBuf> connection = rig.connect(Pipeline.of(rude.codec(String.class, ByteBuf.class)));
        rig.does(connection::close);
        assertThat(rig.peerEnded()).isTrue();
        assertThat(rig.loops.reporter().take(Report.Thrown.class)).first().satisfies(thrown -> {
            assertThat(thrown.what()).contains("outputEnding");
            assertThat(thrown.cause()).hasRootCauseMessage("no");
        });
    }

    // ---- by a handler

    private static Pipeline<String, ByteBuf> closingAfterWrite() {
        return Pipeline.of(NettyHandlers.of(handlers -> handlers.addLast(
                        new LineBasedFrameDecoder(100), new StringDecoder(), new ChannelOutboundHandlerAdapter() {
                            @Override
                            public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
                                // as HttpServerKeepAliveHandler does
                                var _ = context.write(
                                        message, promise.unvoid().addListener(ChannelFutureListener.CLOSE));
                            }
                        }))
                .codec(String.class, ByteBuf.class));
    }

    @Test
    void a_handler_that_closes_when_something_was_written_ends_what_is_received() {
        Connection<String, ByteBuf> connection = rig.connect(closingAfterWrite());
        rig.write(connection, Rig.bytes("last\n"));
        assertThat(rig.sent()).isEqualTo("last\n");
        assertThat(rig.received).containsExactly("<end>");
        assertThat(rig.failures).isEmpty();
        rig.does(connection::close);
        assertThat(rig.peerEnded()).isTrue();
    }

    @Test
    void a_message_that_is_written_after_handlers_have_closed_is_refused_and_released() {
        Connection<String, ByteBuf> connection = rig.connect(closingAfterWrite());
        ByteBuf late = Rig.bytes("late\n");
        rig.write(connection, Rig.bytes("last\n"));
        rig.write(connection, late);
        assertThat(late.refCnt()).isZero();
        assertThat(rig.sent()).isEqualTo("last\n");
        assertThat(rig.failures)
                .singleElement()
                .satisfies(failure -> assertThat(failure).hasMessageContaining("a handler has closed the channel"));
    }

    @Test
    void bytes_that_come_after_handlers_have_closed_are_no_failure() {
        Connection<String, ByteBuf> connection = rig.connect(closingAfterWrite());
        rig.write(connection, Rig.bytes("last\n"));
        rig.peerSays("thanks\n");
        assertThat(rig.failures).isEmpty();
        assertThat(rig.received).containsExactly("<end>");
        rig.does(connection::close);
    }

    @Test
    void what_came_before_a_handler_has_closed_is_received_before_the_end() {
        NettyHandlers quitting = NettyHandlers.of(handlers -> handlers.addLast(
                new LineBasedFrameDecoder(100), new StringDecoder(), new ChannelInboundHandlerAdapter() {
                    @Override
                    public void channelRead(ChannelHandlerContext context, Object message) {
                        context.fireChannelRead(message);
                        if (message.equals("quit")) {
                            var _ = context.close();
                        }
                    }
                }));
        Connection<String, ByteBuf> connection = rig.dial(Pipeline.of(quitting.codec(String.class, ByteBuf.class)));
        rig.does(() -> connection.onMessage(
                message -> {
                    rig.received.add(message);
                    connection.pause();
                },
                () -> rig.received.add("<end>")));
        rig.peerSays("1\n2\nquit\n");
        rig.peerSays("too late\n");
        for (int i = 0; i < 3; i++) {
            assertThat(rig.received).doesNotContain("<end>");
            rig.does(connection::resume);
        }
        assertThat(rig.received).containsExactly("1", "2", "quit", "<end>");
        assertThat(rig.failures).isEmpty();
        rig.does(connection::close);
    }

    @Test
    void a_layer_whose_handler_closes_ends_what_is_above_it() {
        NettyHandlers shortLived = NettyHandlers.of(handlers -> handlers.addLast(new ChannelInboundHandlerAdapter() {
            @Override
            public void channelActive(ChannelHandlerContext context) {
                var _ = context.executor().schedule(() -> context.close(), 5, TimeUnit.SECONDS);
            }
        }));
        Connection<String, String> connection = rig.connect(Rig.linesOver(shortLived));
        rig.peerSays("in time\n");
        rig.after(Duration.ofSeconds(5));
        rig.peerSays("too late\n");
        assertThat(rig.received).containsExactly("in time", "<end>");
        assertThat(rig.failures).isEmpty();
        rig.does(connection::close);
    }
}
