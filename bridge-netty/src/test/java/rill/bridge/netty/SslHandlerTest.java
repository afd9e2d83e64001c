package rill.bridge.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.string.StringDecoder;
import io.netty.handler.codec.string.StringEncoder;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import io.netty.handler.ssl.SslHandler;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import rill.Connection;
import rill.Future;
import rill.Listener;
import rill.Pipeline;
import rill.testkit.Leaks;

/** Tests Netty's SslHandler as a layer. It keeps what is written until its handshake is done, and ends its stream with a close_notify. */
@ExtendWith(Leaks.class)
class SslHandlerTest {
    @TempDir
    private static Path dir;

    private static SSLContext context;

    private final Rig rig = new Rig();
    private final List<Object> events = new ArrayList<>(); // of the server

    @BeforeAll
    static void key() throws Exception {
        context = OneKey.context(dir);
    }

    @AfterEach
    void close() {
        rig.close();
    }

    private static NettyHandlers text() {
        return NettyHandlers.of(handlers -> handlers.addLast(new StringDecoder(), new StringEncoder()));
    }

    private NettyHandlers ssl(boolean client) {
        return NettyHandlers.of(handlers -> {
            SSLEngine engine = context.createSSLEngine();
            engine.setUseClientMode(client);
            handlers.addLast(new SslHandler(engine), new ChannelInboundHandlerAdapter() {
                @Override
                public void userEventTriggered(ChannelHandlerContext c, Object event) {
                    if (!client) {
                        events.add(event);
                    }
                    c.fireUserEventTriggered(event);
                }
            });
        });
    }

    /** Tasks of the handshake may run on any thread; what follows from them runs on the loop. */
    @Test
    void a_handshake_whose_tasks_run_on_threads_of_their_own_comes_about() throws Exception {
        var threads = Executors.newFixedThreadPool(2);
        try {
            NettyHandlers delegating = NettyHandlers.of(handlers -> {
                        SSLEngine engine = context.createSSLEngine();
                        engine.setUseClientMode(true);
                        handlers.addLast(new SslHandler(engine, threads));
                    })
                    .readyWhen(handlers -> handlers.get(SslHandler.class).handshakeFuture());
            Future<Connection<String, String>> connecting = rig.loop.connect(server().address(), over(delegating));
            long patience = System.nanoTime() + Duration.ofSeconds(20).toNanos();
            while (!connecting.isDone() && System.nanoTime() < patience) {
                rig.ticks();
                Thread.onSpinWait();
            }
            Connection<String, String> connection = connecting.result();
            rig.does(() -> connection.write("hello"));
            manyTicks();
            assertThat(rig.received).containsExactly("hello");
            rig.does(connection::abort);
        } finally {
            threads.shutdownNow();
            assertThat(threads.awaitTermination(20, TimeUnit.SECONDS)).isTrue();
        }
        manyTicks();
    }

    private static Pipeline<String, String> over(NettyHandlers layer) {
        return Pipeline.of(text().codec(String.class, String.class)).over(layer.layer());
    }

    private Listener server() {
        return rig.loops.settle(rig.loop.listen(Rig.ANY, over(ssl(false)), connection -> {
            connection.onFailure(failure -> rig.received.add("<failed: " + failure.cause() + ">"));
            connection.onMessage(rig.received::add, () -> {
                rig.received.add("<end>");
                connection.write("farewell");
                connection.close();
            });
        }));
    }

    private Connection<String, String> connect(NettyHandlers layer) {
        return rig.loops.settle(rig.loop.connect(server().address(), over(layer)));
    }

    private void assertCloseNotify() {
        assertThat(events)
                .anySatisfy(event -> assertThat(event)
                        .isInstanceOfSatisfying(
                                SslCloseCompletionEvent.class,
                                told -> assertThat(told.isSuccess()).isTrue()));
    }

    private void manyTicks() {
        for (int i = 0; i < 6; i++) {
            rig.ticks();
        }
    }

    @Test
    void what_was_written_before_the_handshake_is_over_leaves_before_the_connection_closes() {
        Connection<String, String> connection = connect(ssl(true));
        List<Future<?>> flushed = new ArrayList<>();
        rig.does(() -> {
            connection.write("hello");
            flushed.add(connection.flush());
            connection.close();
        });
        manyTicks();
        assertThat(rig.received).containsExactly("hello", "<end>");
        assertThat(flushed.getFirst().isDone()).isTrue();
        assertThat(flushed.getFirst().failure()).isNull();
        assertCloseNotify();
    }

    @Test
    void the_peer_is_told_in_good_order_that_the_stream_has_ended_and_may_still_answer() {
        Connection<String, String> connection = connect(ssl(true));
        List<String> answers = new ArrayList<>();
        manyTicks();
        rig.does(() -> {
            connection.onMessage(answers::add, () -> answers.add("<end>"));
            connection.write("hello");
            connection.shutdownOutput();
        });
        manyTicks();
        assertThat(rig.received).containsExactly("hello", "<end>");
        assertThat(answers).containsExactly("farewell", "<end>");
        assertCloseNotify();
    }

    @Test
    void connect_is_done_after_the_handshake_if_the_handlers_say_when_they_are_ready() {
        Connection<String, String> connection = connect(
                ssl(true).readyWhen(handlers -> handlers.get(SslHandler.class).handshakeFuture()));
        assertThat(connection.isOpen()).isTrue();
        rig.does(() -> {
            connection.write("hello");
            connection.close();
        });
        manyTicks();
        assertThat(rig.received).containsExactly("hello", "<end>");
    }

    @Test
    void connect_fails_with_the_handshake_if_the_handlers_say_when_they_are_ready() {
        NettyHandlers layer =
                ssl(true).readyWhen(handlers -> handlers.get(SslHandler.class).handshakeFuture());
        Listener plain = rig.loops.settle(rig.loop.listen(Rig.ANY, Pipeline.bytes(), connection -> {
            connection.onFailure(failure -> {});
            connection.write(Rig.bytes("SSH-2.0-OpenSSH\r\n"));
            connection.onMessage(io.netty.buffer.ByteBuf::release);
        }));
        Future<?> connecting = rig.loop.connect(plain.address(), over(layer));
        assertThatThrownBy(() -> rig.loops.settle(connecting)).hasRootCauseInstanceOf(SSLException.class);
        rig.does(plain::close);
    }

    @Test
    void a_handshake_that_fails_takes_with_it_what_was_written_and_says_so() {
        Listener plain = rig.server();
        Connection<String, String> connection = rig.loops.settle(rig.loop.connect(plain.address(), over(ssl(true))));
        List<Future<?>> flushed = new ArrayList<>();
        rig.does(() -> {
            connection.onFailure(failure -> rig.failures.add(failure.cause()));
            connection.onMessage(message -> {});
            connection.write("hello");
            flushed.add(connection.flush());
        });
        rig.after(Duration.ofSeconds(11)); // longer than SslHandler's handshake timeout
        assertThat(rig.failures).singleElement().isInstanceOf(IOException.class);
        assertThat(flushed.getFirst().failure()).isNotNull();
        assertThat(connection.isOpen()).isFalse();
    }
}
