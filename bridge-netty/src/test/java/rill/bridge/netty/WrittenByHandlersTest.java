package rill.bridge.netty;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufHolder;
import io.netty.buffer.DefaultByteBufHolder;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.EncoderException;
import io.netty.handler.codec.LineBasedFrameDecoder;
import io.netty.handler.codec.MessageToByteEncoder;
import io.netty.handler.codec.MessageToMessageEncoder;
import io.netty.handler.codec.string.StringDecoder;
import io.netty.handler.codec.string.StringEncoder;
import io.netty.util.ReferenceCountUtil;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import rill.Client;
import rill.ClientProtocol;
import rill.Connection;
import rill.Future;
import rill.Pipeline;
import rill.Report;
import rill.testkit.Leaks;

/** Tests messages that handlers keep for a while, refuse, or can't encode: they leave in full and in order, or a failure is reported. */
@ExtendWith(Leaks.class)
class WrittenByHandlersTest {
    private final Rig rig = new Rig();

    @AfterEach
    void close() {
        rig.close();
    }

    /** Keeps what is written for ten milliseconds, as SslHandler does until its handshake is done. */
    private static NettyHandlers keeping() {
        return NettyHandlers.of(handlers -> handlers.addLast(new ChannelOutboundHandlerAdapter() {
            @Override
            public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
                var _ = context.executor()
                        .schedule(() -> context.writeAndFlush(message, promise), 10, TimeUnit.MILLISECONDS);
            }
        }));
    }

    @Test
    void flush_waits_for_what_a_handler_keeps() {
        Connection<String, String> connection = rig.connect(Rig.linesOver(keeping()));
        List<Future<?>> flushed = new ArrayList<>();
        rig.does(() -> {
            connection.write("hello");
            flushed.add(connection.flush());
        });
        assertThat(rig.sent()).isEmpty();
        assertThat(flushed.getFirst().isDone()).isFalse();
        rig.after(Duration.ofMillis(10));
        assertThat(rig.sent()).isEqualTo("hello");
        assertThat(flushed.getFirst().isDone()).isTrue();
    }

    @Test
    void what_a_handler_keeps_leaves_before_the_connection_closes_in_good_order() {
        Connection<String, String> connection = rig.connect(Rig.linesOver(keeping()));
        rig.does(() -> {
            connection.write("hello");
            connection.close();
        });
        assertThat(rig.peerEnded()).isFalse();
        rig.after(Duration.ofMillis(10));
        assertThat(rig.sent()).isEqualTo("hello");
        assertThat(rig.peerEnded()).isTrue();
    }

    @Test
    void what_a_handler_keeps_leaves_before_the_output_is_shut_down_and_input_goes_on() {
        Connection<String, String> connection = rig.connect(Rig.linesOver(keeping()));
        rig.does(() -> {
            connection.write("hello");
            connection.shutdownOutput();
        });
        assertThat(rig.peerEnded()).isFalse();
        rig.after(Duration.ofMillis(10));
        assertThat(rig.sent()).isEqualTo("hello");
        assertThat(rig.peerEnded()).isTrue();
        rig.peerSays("still here\n");
        assertThat(rig.received).containsExactly("still here");
        rig.does(connection::close);
    }

    @Test
    void while_a_handler_keeps_something_what_comes_later_waits_behind_it_and_counts() {
        NettyHandlers once = NettyHandlers.of(handlers -> handlers.addLast(
                new LineBasedFrameDecoder(100),
                new StringDecoder(),
                new StringEncoder(),
                new ChannelOutboundHandlerAdapter() {
                    private boolean kept;

                    @Override
                    public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
                        if (kept) {
                            var _ = context.write(message, promise); // would overtake the first one
                            return;
                        }
                        kept = true;
                        var _ = context.executor()
                                .schedule(() -> context.writeAndFlush(message, promise), 10, TimeUnit.MILLISECONDS);
                    }
                }));
        Connection<String, String> connection = rig.connect(Pipeline.of(once.codec(String.class, String.class)));
        List<Future<?>> flushed = new ArrayList<>();
        rig.does(() -> {
            connection.write("1");
            connection.write("2");
            connection.write("3");
            flushed.add(connection.flush());
        });
        assertThat(rig.sent()).isEmpty();
        assertThat(flushed.getFirst().isDone()).isFalse();
        rig.after(Duration.ofMillis(10));
        assertThat(rig.sent()).isEqualTo("123");
        assertThat(flushed.getFirst().isDone()).isTrue();
        rig.does(connection::close);
    }

    @Test
    void a_message_that_handlers_keep_and_then_refuse_fails_the_connection_when_they_do() {
        NettyHandlers refusing = NettyHandlers.of(handlers -> handlers.addLast(new ChannelOutboundHandlerAdapter() {
            @Override
            public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
                var _ = context.executor()
                        .schedule(
                                () -> {
                                    ReferenceCountUtil.release(message);
                                    promise.setFailure(new IllegalStateException("too late"));
                                },
                                10,
                                TimeUnit.MILLISECONDS);
            }
        }));
        Connection<String, String> connection = rig.connect(Rig.linesOver(refusing));
        List<Future<?>> flushed = new ArrayList<>();
        rig.does(() -> {
            connection.write("lost");
            flushed.add(connection.flush());
        });
        rig.after(Duration.ofMillis(10));
        assertThat(rig.failures)
                .singleElement()
                .satisfies(failure -> assertThat(failure).hasMessage("too late"));
        assertThat(flushed.getFirst().failure()).isNotNull();
        assertThat(connection.isOpen()).isFalse();
    }

    @Test
    void a_message_that_a_handler_refuses_at_once_is_released_and_only_that_is_told() {
        NettyHandlers refusing = NettyHandlers.of(h -> h.addLast(new ChannelOutboundHandlerAdapter() {
            @Override
            public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
                ReferenceCountUtil.release(message);
                promise.setFailure(new IllegalStateException("refused"));
            }
        }));
        Connection<String, ByteBuf> connection = rig.connect(Pipeline.of(refusing.codec(String.class, ByteBuf.class)));
        ByteBuf message = Rig.bytes("x");
        rig.write(connection, message);
        assertThat(message.refCnt()).isZero();
        assertThat(rig.failures)
                .singleElement()
                .satisfies(failure -> assertThat(failure).hasMessage("refused"));
    }

    /** A message that begins with "bad" can't be encoded. What the encoder has added before it throws is still sent. */
    private static Pipeline<String, String> framed(String before) {
        return Pipeline.of(NettyHandlers.of(handlers -> handlers.addLast(
                        new LineBasedFrameDecoder(100),
                        new StringDecoder(),
                        new StringEncoder(),
                        new MessageToMessageEncoder<String>(String.class) {
                            @Override
                            protected void encode(ChannelHandlerContext context, String message, List<Object> out) {
                                if (!before.isEmpty()) {
                                    out.add(before);
                                }
                                if (message.startsWith("bad")) {
                                    throw new IllegalArgumentException("can't be encoded");
                                }
                                out.add(message + "<end>\n");
                            }
                        }))
                .codec(String.class, String.class));
    }

    private List<Future<String>> call(Client<String, String> client, String... requests) {
        List<Future<String>> calls = new ArrayList<>();
        rig.does(() -> {
            for (String each : requests) {
                calls.add(client.call(each));
            }
        });
        return calls;
    }

    private Client<String, String> client(Pipeline<String, String> pipeline) {
        return rig.loops.settle(rig.loop.connect(rig.server().address(), ClientProtocol.inOrder(pipeline)));
    }

    @Test
    void of_a_message_that_could_not_be_encoded_whole_nothing_leaves_and_the_connection_fails() {
        Client<String, String> client = client(framed("<begin>"));
        List<Future<String>> calls = call(client, "bad", "good");
        assertThat(calls.getFirst().failure()).isNotNull().hasRootCauseMessage("can't be encoded");
        assertThat(calls.getLast().failure()).isNotNull();
        assertThat(rig.sent()).isEmpty();
        assertThat(client.isOpen()).isFalse();
        assertThat(rig.loops.reporter().take(Report.ConnectionFailed.class))
                .as("no call was left to be told")
                .hasSize(1);
    }

    @Test
    void a_message_of_which_nothing_came_out_fails_alone() {
        Client<String, String> client = client(framed(""));
        List<Future<String>> calls = call(client, "bad", "good");
        assertThat(calls.getFirst().failure()).isNotNull().rootCause().hasMessage("can't be encoded");
        assertThat(rig.sent()).isEqualTo("good<end>\n");
        assertThat(client.isOpen()).isTrue();
        rig.peerSays("answer\n");
        assertThat(calls.getLast().result()).isEqualTo("answer");
        rig.does(client::close);
    }

    @Test
    void a_connection_can_not_carry_on_after_half_a_message() {
        Connection<String, String> connection = rig.connect(framed("<begin>"));
        rig.does(() -> connection.onFailure(failure -> {
            rig.failures.add(failure.cause());
            if (failure.survivable()) {
                failure.carryOn();
            }
        }));
        rig.write(connection, "bad");
        assertThat(rig.failures.getFirst()).isInstanceOf(EncoderException.class);
        assertThat(rig.failures.getLast()).hasMessageContaining("begun to write a message");
        assertThat(rig.sent()).isEmpty();
        assertThat(connection.isOpen()).isFalse();
    }

    @Test
    void of_several_parts_none_leaves_if_one_is_no_bytes() {
        NettyHandlers mixed = NettyHandlers.of(handlers -> handlers.addLast(
                new LineBasedFrameDecoder(100), new StringDecoder(), new MessageToMessageEncoder<String>(String.class) {
                    @Override
                    protected void encode(ChannelHandlerContext context, String message, List<Object> out) {
                        out.add(Rig.bytes(message));
                        out.add(1);
                        out.add(Rig.bytes(message));
                    }
                }));
        Connection<String, String> connection = rig.connect(Pipeline.of(mixed.codec(String.class, String.class)));
        rig.write(connection, "x");
        assertThat(rig.sent()).isEmpty();
        assertThat(rig.failures)
                .first()
                .satisfies(failure ->
                        assertThat(failure).hasMessageContaining("made a java.lang.Integer of what was written"));
        assertThat(connection.isOpen()).isFalse();
    }

    @Test
    void the_channel_stays_writable_however_much_is_written_before_it_is_flushed() {
        List<Boolean> told = new ArrayList<>();
        NettyHandlers watching = NettyHandlers.of(handlers -> handlers.addLast(
                new LineBasedFrameDecoder(100), new StringDecoder(), new ChannelInboundHandlerAdapter() {
                    @Override
                    public void channelWritabilityChanged(ChannelHandlerContext context) {
                        told.add(context.channel().isWritable());
                    }
                }));
        Connection<String, ByteBuf> connection = rig.connect(Pipeline.of(watching.codec(String.class, ByteBuf.class)));
        rig.write(connection, Unpooled.wrappedBuffer(new byte[200 * 1024]));
        assertThat(told).isEmpty();
        assertThat(rig.sentBytes()).hasSize(200 * 1024);
        rig.does(connection::close);
    }

    @Test
    void the_indices_of_a_buffer_that_is_written_are_not_moved() {
        NettyHandlers plain = NettyHandlers.of(handlers -> handlers.addLast(
                new LineBasedFrameDecoder(100), new StringDecoder(), new ChannelOutboundHandlerAdapter() {
                    @Override
                    public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
                        ((ByteBuf) message).skipBytes(1);
                        var _ = context.write(message, promise);
                    }
                }));
        Connection<String, ByteBuf> connection = rig.connect(Pipeline.of(plain.codec(String.class, ByteBuf.class)));
        ByteBuf shared = Rig.bytes("twice");
        rig.write(connection, shared.retain());
        rig.write(connection, shared);
        assertThat(rig.sent()).isEqualTo("wicewice");
        assertThat(shared.refCnt()).isZero();
        rig.does(connection::close);
    }

    /** For example, to several connections, or by a Pool that retries it. */
    @Test
    void a_message_that_is_written_twice_has_its_content_both_times() {
        NettyHandlers consuming = NettyHandlers.of(handlers -> handlers.addLast(
                new LineBasedFrameDecoder(100), new StringDecoder(), new MessageToByteEncoder<ByteBufHolder>() {
                    @Override
                    protected void encode(ChannelHandlerContext context, ByteBufHolder message, ByteBuf out) {
                        out.writeBytes(message.content()); // as Netty's HTTP encoder does
                    }
                }));
        Connection<String, ByteBufHolder> connection =
                rig.connect(Pipeline.of(consuming.codec(String.class, ByteBufHolder.class)));
        ByteBufHolder message = new DefaultByteBufHolder(Rig.bytes("body"));
        rig.write(connection, message.retain());
        rig.write(connection, message);
        assertThat(rig.sent()).isEqualTo("bodybody");
        assertThat(message.refCnt()).isZero();
        rig.does(connection::close);
    }

    /** A custom message that extends one of Netty's. */
    private static final class Note extends DefaultByteBufHolder {
        Note(String text) {
            super(Rig.bytes(text));
        }
    }

    @Test
    void a_message_that_can_not_be_copied_as_what_it_is_stays_what_it_is() {
        NettyHandlers notes = NettyHandlers.of(handlers ->
                handlers.addLast(new LineBasedFrameDecoder(100), new StringDecoder(), new MessageToByteEncoder<Note>() {
                    @Override
                    protected void encode(ChannelHandlerContext context, Note note, ByteBuf out) {
                        out.writeBytes(
                                note.content(),
                                note.content().readerIndex(),
                                note.content().readableBytes());
                    }
                }));
        Connection<String, Note> connection = rig.connect(Pipeline.of(notes.codec(String.class, Note.class)));
        Note note = new Note("note");
        rig.write(connection, (Note) note.retain());
        rig.write(connection, note);
        assertThat(rig.sent()).isEqualTo("notenote");
        assertThat(note.refCnt()).isZero();
        rig.does(connection::close);
    }

    @Test
    void what_a_handler_writes_from_a_task_is_flushed_with_the_message() {
        NettyHandlers putOff = NettyHandlers.of(handlers -> handlers.addLast(new ChannelOutboundHandlerAdapter() {
            @Override
            public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
                context.executor().execute(() -> {
                    var _ = context.write(message, promise);
                });
            }
        }));
        Connection<String, String> connection = rig.connect(Rig.linesOver(putOff));
        rig.write(connection, "at once");
        assertThat(rig.sent()).isEqualTo("at once");
        rig.does(connection::close);
    }

    @Test
    void what_handlers_leave_while_a_message_is_written_is_received() {
        NettyHandlers echoing =
                NettyHandlers.of(handlers -> handlers.addLast(new StringEncoder(), new ChannelOutboundHandlerAdapter() {
                    @Override
                    public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
                        context.fireChannelRead("1 " + message);
                        context.fireChannelRead("2 " + message);
                        var _ = context.write(message, promise);
                    }
                }));
        Connection<String, String> connection = rig.connect(Pipeline.of(echoing.codec(String.class, String.class)));
        rig.write(connection, "x");
        assertThat(rig.received).containsExactly("1 x", "2 x");
        rig.does(connection::pause);
        rig.write(connection, "y");
        assertThat(rig.received).as("while paused").hasSize(2);
        rig.does(connection::resume);
        assertThat(rig.received).containsExactly("1 x", "2 x", "1 y", "2 y");
        rig.does(connection::close);
    }

    @Test
    void what_a_handler_schedules_while_a_message_is_written_runs_in_time_even_if_nobody_receives() {
        Connection<String, String> connection = rig.dial(Rig.linesOver(keeping()));
        rig.does(() -> connection.write("in time"));
        rig.after(Duration.ofMillis(10));
        assertThat(rig.sent()).isEqualTo("in time");
        rig.does(connection::close);
    }
}
