package rill.bridge.netty;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.ChannelInputShutdownReadComplete;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Ticker;
import java.io.IOException;
import java.net.SocketAddress;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import rill.Loop;
import rill.Outgoing;

/** A channel of one connection's handlers, without a socket and a thread: it works while it is called. */
final class BridgeChannel extends EmbeddedChannel {
    private final Consumer<? super ChannelPipeline> initializer;
    private final SocketAddress peer;
    private final ArrayDeque<Object> arrived = new ArrayDeque<>(); // messages and events, in their order

    /** What a handler has told, among the messages. */
    record Event(Object event) {}

    BridgeChannel(Consumer<? super ChannelPipeline> initializer, SocketAddress peer) {
        super(builder().register(false).ticker(LoopTicker.INSTANCE));
        this.initializer = initializer;
        this.peer = peer;
    }

    /** The loop's clock, whichever that is; everything here is called on a loop. */
    private enum LoopTicker implements Ticker {
        INSTANCE;

        @Override
        public long nanoTime() {
            return Objects.requireNonNull(Loop.current()).nanoTime();
        }

        @Override
        public long initialNanoTime() {
            return 0;
        }

        @Override
        public void sleep(long delay, java.util.concurrent.TimeUnit unit) {
            throw new UnsupportedOperationException("a handler must not block the loop");
        }
    }

    /** At the end of the pipeline. */
    private final class Last extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            arrived.add(message);
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext context, Object event) {
            if (event != ChannelInputShutdownEvent.INSTANCE && event != ChannelInputShutdownReadComplete.INSTANCE) {
                arrived.add(new Event(event));
            }
        }
    }

    @Override
    protected SocketAddress remoteAddress0() {
        return peer;
    }

    // ---- what happens on the connection

    void begin() throws IOException {
        try {
            initializer.accept(pipeline());
            pipeline().addLast(new Last());
            register();
            checkException();
        } catch (Throwable t) {
            throw told(t);
        }
    }

    /** Takes the bytes. */
    void decode(ByteBuf bytes) throws IOException {
        try {
            writeInbound(bytes);
        } catch (Throwable t) {
            throw told(t);
        }
    }

    void endInput() throws IOException {
        try {
            pipeline().fireUserEventTriggered(ChannelInputShutdownEvent.INSTANCE);
            pipeline().fireUserEventTriggered(ChannelInputShutdownReadComplete.INSTANCE);
            runPendingTasks();
            checkException();
        } catch (Throwable t) {
            throw told(t);
        }
    }

    /** Takes the message. */
    void encode(Object message) throws IOException {
        try {
            writeOutbound(message);
        } catch (Throwable t) {
            throw told(t);
        }
    }

    /** Runs what is due. Gives the time until something else is, or a negative number if nothing is. */
    long runDue() throws IOException {
        try {
            long next = runScheduledPendingTasks();
            checkException();
            return next;
        } catch (Throwable t) {
            throw told(t);
        }
    }

    /** The connection is gone. Throws what handlers throw when they are told, unless that is what the network or the peer did: its end is known. */
    void end() {
        try {
            if (isRegistered()) {
                finishAndReleaseAll();
            }
        } catch (Throwable t) {
            told(t);
        } finally {
            arrived.forEach(ReferenceCountUtil::release);
            arrived.clear();
        }
    }

    // ---- what has come of it

    @Nullable
    Object poll() {
        return arrived.poll();
    }

    boolean hasArrived() {
        return !arrived.isEmpty();
    }

    /** Passes on what the handlers have written. */
    void send(Outgoing out) throws IOException {
        for (Object each = readOutbound(); each != null; each = readOutbound()) {
            if (!(each instanceof ByteBuf bytes)) {
                ReferenceCountUtil.release(each);
                throw new IllegalArgumentException(
                        "the handlers have made a " + each.getClass().getName()
                                + " of what was written, and a ByteBuf is needed: is there an encoder for it?");
            }
            out.pass(bytes);
        }
    }

    /** What is the network's or the peer's is an IOException inside of one of Netty's. */
    private static IOException told(Throwable thrown) {
        return switch (thrown) {
            case IOException io -> io;
            case RuntimeException wrapper when wrapper.getCause() instanceof IOException io -> io;
            case RuntimeException other -> throw other;
            case Error error -> throw error;
            default -> new IOException(thrown);
        };
    }
}
