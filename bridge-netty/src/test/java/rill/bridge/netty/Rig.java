package rill.bridge.netty;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.LineBasedFrameDecoder;
import io.netty.handler.codec.string.StringDecoder;
import io.netty.handler.codec.string.StringEncoder;
import java.io.ByteArrayOutputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import rill.Connection;
import rill.Listener;
import rill.Loop;
import rill.Pipeline;
import rill.testing.Loops;
import rill.testing.ManualClock;

/** A connection with Netty's handlers in its pipeline, what it has received, and a peer that sends bytes by hand. */
final class Rig {
    static final InetSocketAddress ANY = new InetSocketAddress("127.0.0.1", 0);

    final Loops loops;
    final Loop loop;
    final List<String> received = new ArrayList<>();
    final List<Throwable> failures = new ArrayList<>();
    private final ByteArrayOutputStream sent = new ByteArrayOutputStream();
    private boolean peerEnded;
    private @Nullable Connection<ByteBuf, ByteBuf> peer;

    Rig() {
        this(new ManualClock());
    }

    Rig(ManualClock clock) {
        loops = Loops.on(clock);
        loop = loops.open();
    }

    /** Handlers from lines to text and back. */
    static NettyHandlers lines() {
        return NettyHandlers.of(
                handlers -> handlers.addLast(new LineBasedFrameDecoder(100), new StringDecoder(), new StringEncoder()));
    }

    static Pipeline<String, String> linesOver(NettyHandlers layer) {
        return Pipeline.of(lines().codec(String.class, String.class)).over(layer.layer());
    }

    void ticks() {
        for (int i = 0; i < 50; i++) {
            loop.tick();
        }
    }

    void after(Duration duration) {
        loops.clock().advance(duration);
        ticks();
    }

    void does(Runnable action) {
        loop.execute(action);
        ticks();
    }

    /** Starts the peer's listener, which records what it receives, and whether the stream has ended. */
    Listener server() {
        return loops.settle(loop.listen(ANY, Pipeline.bytes(), connection -> {
            peer = connection;
            connection.onMessage(
                    bytes -> {
                        sent.writeBytes(ByteBufUtil.getBytes(bytes));
                        bytes.release();
                    },
                    () -> peerEnded = true);
            connection.onFailure(failure -> {});
        }));
    }

    /** Connects without a receiver. */
    <R, W> Connection<R, W> dial(Pipeline<R, W> pipeline) {
        return loops.settle(loop.connect(server().address(), pipeline));
    }

    <W> Connection<String, W> connect(Pipeline<String, W> pipeline) {
        Connection<String, W> connection = dial(pipeline);
        does(() -> {
            connection.onMessage(received::add, () -> received.add("<end>"));
            connection.onFailure(failure -> failures.add(failure.cause()));
        });
        return connection;
    }

    <W> void write(Connection<String, W> connection, W message) {
        does(() -> connection.write(message));
    }

    Connection<ByteBuf, ByteBuf> peer() {
        return Objects.requireNonNull(peer);
    }

    void peerSays(String text) {
        does(() -> peer().write(bytes(text)));
    }

    static ByteBuf bytes(String text) {
        return Unpooled.copiedBuffer(text, StandardCharsets.ISO_8859_1);
    }

    /** Returns what the peer has received, in Latin 1. */
    String sent() {
        return sent.toString(StandardCharsets.ISO_8859_1);
    }

    byte[] sentBytes() {
        return sent.toByteArray();
    }

    boolean peerEnded() {
        return peerEnded;
    }

    void close() {
        does(() -> {
            if (peer != null) {
                peer.abort();
            }
        });
        loops.close();
    }
}
