package rill.bridge.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.handler.codec.LineBasedFrameDecoder;
import io.netty.handler.codec.string.StringDecoder;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import rill.Connection;
import rill.Pipeline;
import rill.testkit.Leaks;

/** Tests what leaves the handlers at the end of their pipeline, wherever they were added: messages and events, and who owns them. */
@ExtendWith(Leaks.class)
class HandlersInPlaceTest {
    private final Rig rig = new Rig();
    private final List<ByteBuf> events = new ArrayList<>();

    @AfterEach
    void close() {
        rig.close();
    }

    /** Fires an event that holds a buffer before each message. */
    private final class Telling extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            ByteBuf event = Rig.bytes("event");
            events.add(event);
            context.fireUserEventTriggered(event);
            context.fireChannelRead(message);
        }
    }

    /** Applications that come from Netty usually use an initializer. */
    @Test
    void handlers_that_a_channel_initializer_adds_are_before_the_end() {
        NettyHandlers initialized = NettyHandlers.of(handlers -> handlers.addLast(new ChannelInitializer<Channel>() {
            @Override
            protected void initChannel(Channel channel) {
                channel.pipeline().addLast(new LineBasedFrameDecoder(100), new StringDecoder(), new Telling());
            }
        }));
        rig.connect(Pipeline.of(initialized.codec(String.class, ByteBuf.class, event -> "<told>")));
        rig.peerSays("one\n");
        events.forEach(ByteBuf::release); // the receiver owns them
        assertThat(rig.failures).isEmpty();
        assertThat(rig.received).containsExactly("<told>", "one");
    }

    /** As ApplicationProtocolNegotiationHandler and others do, once the protocol is known. */
    @Test
    void handlers_that_a_handler_adds_later_are_before_the_end() {
        NettyHandlers later = NettyHandlers.of(handlers -> handlers.addLast(new ChannelInboundHandlerAdapter() {
            @Override
            public void channelRead(ChannelHandlerContext context, Object message) {
                context.pipeline().addLast(new LineBasedFrameDecoder(100), new StringDecoder(), new Telling());
                context.fireChannelRead(message);
                context.pipeline().remove(this);
            }
        }));
        rig.connect(Pipeline.of(later.codec(String.class, ByteBuf.class, event -> "<told>")));
        rig.peerSays("one\n");
        rig.peerSays("two\n");
        events.forEach(ByteBuf::release);
        assertThat(rig.failures).isEmpty();
        assertThat(rig.received).containsExactly("<told>", "one", "<told>", "two");
    }

    /** HttpServerUpgradeHandler's UpgradeEvent holds a request. The end of Netty's own pipelines releases it. */
    @Test
    void an_event_that_nobody_wants_is_released() {
        NettyHandlers telling = NettyHandlers.of(
                handlers -> handlers.addLast(new LineBasedFrameDecoder(100), new StringDecoder(), new Telling()));
        rig.connect(Pipeline.of(telling.codec(String.class, ByteBuf.class)));
        rig.peerSays("one\n");
        assertThat(rig.received).containsExactly("one");
        assertEventsReleased(1);
    }

    @Test
    void an_event_in_a_layer_is_released() {
        rig.connect(Rig.linesOver(NettyHandlers.of(handlers -> handlers.addLast(new Telling()))));
        rig.peerSays("one\n");
        assertThat(rig.received).containsExactly("one");
        assertEventsReleased(1);
    }

    @Test
    void an_event_of_which_a_message_can_not_be_made_is_released() {
        NettyHandlers telling = NettyHandlers.of(
                handlers -> handlers.addLast(new LineBasedFrameDecoder(100), new StringDecoder(), new Telling()));
        rig.connect(Pipeline.of(telling.<String, ByteBuf>codec(String.class, ByteBuf.class, event -> {
            throw new IllegalStateException("what is this?");
        })));
        rig.peerSays("one\n");
        assertThat(rig.failures)
                .singleElement()
                .satisfies(failure -> assertThat(failure).hasMessage("what is this?"));
        assertEventsReleased(1);
    }

    @Test
    void events_and_messages_that_wait_when_the_connection_goes_are_released() {
        NettyHandlers telling =
                NettyHandlers.of(handlers -> handlers.addLast(new LineBasedFrameDecoder(100), new Telling()));
        Connection<ByteBuf, ByteBuf> connection =
                rig.dial(Pipeline.of(telling.codec(ByteBuf.class, ByteBuf.class, event -> null)));
        List<ByteBuf> received = new ArrayList<>();
        rig.does(() -> connection.onMessage(message -> {
            received.add(message);
            connection.pause();
        }));
        rig.peerSays("one\ntwo\nthree\n");
        assertThat(received).hasSize(1);
        received.getFirst().release();
        rig.does(connection::abort);
        assertEventsReleased(3);
    }

    private void assertEventsReleased(int count) {
        assertThat(events)
                .hasSize(count)
                .allSatisfy(event -> assertThat(event.refCnt()).isZero());
    }

    @Test
    void while_the_receiver_is_paused_messages_wait_where_they_are() {
        Connection<String, String> connection = rig.dial(Pipeline.of(Rig.lines().codec(String.class, String.class)));
        rig.does(() -> connection.onMessage(
                message -> {
                    rig.received.add(message);
                    connection.pause();
                },
                () -> rig.received.add("<end>")));
        rig.peerSays("1\n2\n3\n4\n");
        rig.does(rig.peer()::close);
        for (int i = 1; i <= 4; i++) {
            assertThat(rig.received).hasSize(i).endsWith(String.valueOf(i));
            rig.does(connection::resume);
        }
        assertThat(rig.received).containsExactly("1", "2", "3", "4", "<end>");
        rig.does(connection::close);
    }

    /** Handlers consume all bytes that they receive, so they must not receive more while messages that they have made are waiting. */
    @Test
    void a_receiver_that_takes_one_message_at_a_time_holds_up_a_peer_that_floods() {
        List<Channel> channels = new ArrayList<>();
        NettyHandlers lines = NettyHandlers.of(handlers -> {
            channels.add(handlers.channel());
            handlers.addLast(new LineBasedFrameDecoder(100), new StringDecoder());
        });
        Connection<String, ByteBuf> connection = rig.dial(Pipeline.of(lines.codec(String.class, ByteBuf.class)));
        int perWrite = 20_000;
        String flood = "x\n".repeat(perWrite);
        int most = 0;
        for (int i = 0; i < 30; i++) {
            rig.loop.execute(() -> rig.peer().write(Rig.bytes(flood)));
            rig.loop.execute(() -> connection.receive().onDone((message, failure) -> rig.received.add(message)));
            for (int tick = 0; tick < 5; tick++) {
                rig.loop.tick();
            }
            most = Math.max(most, ((BridgeChannel) channels.getFirst()).arrived());
        }
        assertThat(rig.received).hasSize(30).containsOnly("x");
        assertThat(most).isLessThan(2 * perWrite);
        assertThat(rig.loop.metrics().traffic().bytesReceived()).isLessThan(8L * flood.length());
        rig.does(() -> {
            connection.abort();
            rig.peer().abort();
        });
    }

    /** No messages are made of these events, but what waits behind them is still decoded. */
    @Test
    void bytes_that_wait_behind_events_that_nobody_wants_are_decoded() {
        NettyHandlers telling = NettyHandlers.of(handlers -> handlers.addLast(
                new LineBasedFrameDecoder(100), new StringDecoder(), new ChannelInboundHandlerAdapter() {
                    @Override
                    public void channelReadComplete(ChannelHandlerContext context) {
                        context.fireUserEventTriggered("read");
                    }
                }));
        Connection<String, ByteBuf> connection = rig.dial(Pipeline.of(telling.codec(String.class, ByteBuf.class)));
        for (String line : List.of("1\n", "2\n", "3\n")) {
            rig.peerSays(line);
        }
        for (int i = 1; i <= 3; i++) {
            rig.does(() -> connection.receive().onDone((message, failure) -> rig.received.add(message)));
        }
        assertThat(rig.received).containsExactly("1", "2", "3");
        rig.does(connection::close);
    }

    /** In a layer, bytes before the message are not lost, and those after it are not taken for their continuation. */
    @Test
    void bytes_that_a_layer_has_left_before_something_else_are_received_before_that_is_told() {
        NettyHandlers odd = NettyHandlers.of(handlers -> handlers.addLast(new ChannelInboundHandlerAdapter() {
            @Override
            public void channelRead(ChannelHandlerContext context, Object message) {
                context.fireChannelRead(message);
                context.fireChannelRead("no bytes");
                context.fireChannelRead(Rig.bytes("after\n"));
            }
        }));
        rig.connect(Rig.linesOver(odd));
        rig.peerSays("before\n");
        assertThat(rig.received).startsWith("before").doesNotContain("after");
        assertThat(rig.failures)
                .singleElement()
                .satisfies(failure -> assertThat(failure).hasMessageContaining("have to leave bytes"));
    }

    @Test
    void what_came_before_a_violation_is_received_before_it_is_told() {
        rig.connect(Pipeline.of(Rig.lines().codec(String.class, String.class)));
        rig.peerSays("1\n2\n" + "x".repeat(200) + "\n3\n");
        assertThat(rig.received).startsWith("1", "2").doesNotContain("3");
        assertThat(rig.failures).hasSize(1);
    }

    /** The handlers have consumed all bytes that have arrived. What they have not made messages of can't be passed to another pipeline. */
    @Test
    void become_is_refused_above_a_codec_and_a_layer_of_handlers() {
        Connection<String, String> connection =
                rig.connect(Pipeline.of(Rig.lines().codec(String.class, String.class)));
        rig.does(() -> assertThatThrownBy(() -> connection.become(Pipeline.bytes()))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("can't give back the bytes"));
        rig.peerSays("goes on\n");
        assertThat(rig.received).containsExactly("goes on");
        Connection<ByteBuf, ByteBuf> layered =
                rig.dial(Pipeline.bytes().over(NettyHandlers.of(handlers -> {}).layer()));
        rig.does(() -> assertThatThrownBy(() -> layered.become(Pipeline.bytes()))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("can't give back the bytes"));
        rig.does(connection::abort);
        rig.does(layered::abort);
    }

    @Test
    void become_above_a_layer_of_handlers_that_stays_loses_nothing() {
        var layer = NettyHandlers.of(handlers -> {}).layer();
        Connection<ByteBuf, ByteBuf> connection = rig.dial(Pipeline.bytes().over(layer));
        rig.does(() -> {
            connection.stop();
            Connection<String, String> next = connection.become(
                    Pipeline.of(Rig.lines().codec(String.class, String.class)).over(layer));
            next.onMessage(rig.received::add, () -> {});
            next.onFailure(failure -> {});
        });
        rig.peerSays("one\ntwo\n");
        assertThat(rig.received).containsExactly("one", "two");
    }
}
