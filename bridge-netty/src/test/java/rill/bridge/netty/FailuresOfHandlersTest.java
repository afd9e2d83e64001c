package rill.bridge.netty;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.codec.LineBasedFrameDecoder;
import io.netty.handler.codec.string.StringDecoder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import rill.Connection;
import rill.Pipeline;
import rill.Report;
import rill.testkit.Leaks;

/** Tests what becomes of the exceptions of handlers: each is the connection's failure, or is reported. */
@ExtendWith(Leaks.class)
class FailuresOfHandlersTest {
    private final Rig rig = new Rig();

    @AfterEach
    void close() {
        rig.close();
    }

    private void gone(Connection<?, ?> connection) {
        rig.does(connection::abort);
        rig.does(rig.peer()::abort);
    }

    /** Returns a pipeline of lines whose last handler passes on each line, and throws what the function returns for it, unless that is null. */
    private static Pipeline<String, String> throwing(Function<? super String, ? extends @Nullable Exception> failure) {
        return Pipeline.of(NettyHandlers.of(handlers -> handlers.addLast(
                        new LineBasedFrameDecoder(100), new StringDecoder(), new ChannelInboundHandlerAdapter() {
                            @Override
                            public void channelRead(ChannelHandlerContext context, Object message) throws Exception {
                                context.fireChannelRead(message);
                                Exception thrown = failure.apply((String) message);
                                if (thrown != null) {
                                    throw thrown;
                                }
                            }
                        }))
                .codec(String.class, String.class));
    }

    /** Delivers the first of two messages of one read, and then loses the connection: what the second one's handler has thrown has no receiver. */
    private void looseAfterTheFirst(Exception thrown) {
        Connection<String, String> connection = rig.dial(throwing(line -> line.equals("2") ? thrown : null));
        rig.does(() -> {
            connection.onMessage(message -> {
                rig.received.add(message);
                connection.pause();
            });
            connection.onFailure(failure -> rig.failures.add(failure.cause()));
        });
        rig.peerSays("1\n2\n");
        assertThat(rig.received).containsExactly("1");
        assertThat(rig.failures).isEmpty();
        gone(connection);
        assertThat(rig.received).containsExactly("1");
        assertThat(rig.failures).isEmpty();
    }

    @Test
    void a_failure_that_waits_behind_a_message_is_reported_if_the_connection_goes_before_its_turn() {
        looseAfterTheFirst(new IllegalStateException("on purpose"));
        assertThat(rig.loops.reporter().take(Report.Thrown.class))
                .singleElement()
                .satisfies(report -> assertThat(report.cause()).hasMessage("on purpose"));
    }

    @Test
    void a_failure_of_the_network_is_not_reported_when_the_connection_has_gone() {
        looseAfterTheFirst(new DecoderException(new IOException("the peer is gone")));
        assertThat(rig.loops.reporter().take(Report.Thrown.class)).isEmpty();
    }

    @Test
    void an_exception_that_only_wraps_one_of_the_network_is_unwrapped_and_a_user_s_own_is_not() {
        var network = new IOException("of the network");
        var own = new IllegalStateException("row 7 can't be stored", network);
        List<Exception> thrown = List.of(
                network, new DecoderException(network), new UncheckedIOException(network), own, new Exception(own));
        for (Exception each : thrown) {
            Connection<String, String> connection = rig.connect(throwing(line -> each));
            rig.peerSays("x\n");
            gone(connection);
        }
        assertThat(rig.failures.subList(0, 4)).containsExactly(network, network, network, own);
        assertThat(rig.failures.getLast()).isInstanceOf(IOException.class).hasRootCause(network);
    }
}
