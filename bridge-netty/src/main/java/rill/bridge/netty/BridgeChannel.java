package rill.bridge.netty;

import io.netty.buffer.ByteBuf;
import io.netty.channel.AbstractChannel;
import io.netty.channel.Channel;
import io.netty.channel.ChannelConfig;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelMetadata;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelPromise;
import io.netty.channel.DefaultChannelConfig;
import io.netty.channel.DefaultChannelPipeline;
import io.netty.channel.EventLoop;
import io.netty.channel.local.LocalAddress;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.ChannelInputShutdownReadComplete;
import io.netty.channel.socket.ChannelOutputShutdownException;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.net.SocketAddress;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;
import rill.Outgoing;
import rill.ThrowingRunnable;

/**
 * A channel of one connection's handlers, without a socket and a thread: what they do is seen to by the session, while it is called. What they do outside of
 * that has it {@linkplain BridgeLoop#wake woken}. No call throws what handlers throw; the first of that is kept as its {@link #failure}.
 *
 * <pre>
 *  new ──begin()──▶ open ── a handler closes it, or end() ──▶ closed: takes no bytes and no messages
 *                     └ endOutput(): the handlers are asked to close, and say their good-bye; it stays open, for what still comes in.
 *                       outputEnded(): what they write from then on fails
 * </pre>
 */
final class BridgeChannel extends AbstractChannel {
    private static final ChannelMetadata METADATA = new ChannelMetadata(false);
    private static final SocketAddress LOCAL = new LocalAddress("rill");

    private final ChannelConfig config = new DefaultChannelConfig(this);
    private final BridgeLoop loop = new BridgeLoop();
    private final NettyHandlers handlers;
    private final SocketAddress peer;
    private final ArrayDeque<Object> arrived = new ArrayDeque<>(); // messages and events, in their order
    private final ArrayDeque<Object> written = new ArrayDeque<>(); // by handlers, for the layer below
    private @Nullable Future<?> ready; // until which nothing may be written; null: it is done, or there is none
    private int unwritten; // messages that handlers have taken, and not written or refused
    private volatile boolean active; // the handlers are there; other threads ask as well
    private volatile boolean open = true;
    private boolean endingOutput; // until the handlers have passed our close on
    private boolean outputEnded; // and that good-bye was passed on
    private @Nullable Throwable failure;

    /** What a handler has told by a user event, among the messages. */
    record Event(Object event) {}

    BridgeChannel(NettyHandlers handlers, SocketAddress peer) {
        super(null);
        this.handlers = handlers;
        this.peer = peer;
    }

    // ---- what handlers do

    /** What comes out at its end, whatever handler is the last, is received. */
    private final class Ending extends DefaultChannelPipeline {
        Ending() {
            super(BridgeChannel.this);
        }

        @Override
        protected void onUnhandledInboundMessage(ChannelHandlerContext context, Object message) {
            arrive(message);
        }

        @Override
        protected void onUnhandledInboundUserEventTriggered(Object event) {
            if (event != ChannelInputShutdownEvent.INSTANCE && event != ChannelInputShutdownReadComplete.INSTANCE) {
                arrive(new Event(event));
            }
        }

        @Override
        protected void onUnhandledInboundException(Throwable cause) {
            failedBy(cause);
        }
    }

    /** After a failure nothing arrives any more: there would be a gap before it. */
    private void arrive(Object message) {
        if (failure == null && !loop.hasEnded()) {
            arrived.add(message);
            loop.wake();
        } else {
            release(message);
        }
    }

    private final class Bridging extends AbstractUnsafe {
        @Override
        public void connect(SocketAddress remote, @Nullable SocketAddress local, ChannelPromise promise) {
            safeSetFailure(promise, new UnsupportedOperationException("the channel of a Rill connection is connected"));
        }

        @Override
        public void close(ChannelPromise promise) {
            if (endingOutput) {
                endingOutput = false;
                safeSetSuccess(promise);
            } else {
                super.close(promise);
            }
        }
    }

    /** Adds the handlers as Netty does: what they have is given back even if the rest can't be added. */
    private final class Adding extends ChannelInitializer<Channel> {
        @Override
        protected void initChannel(Channel channel) {
            handlers.addTo(channel.pipeline());
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            failedBy(cause);
            var _ = context.close();
        }
    }

    @Override
    protected DefaultChannelPipeline newChannelPipeline() {
        return new Ending();
    }

    @Override
    protected AbstractUnsafe newUnsafe() {
        return new Bridging();
    }

    @Override
    protected void doWrite(ChannelOutboundBuffer in) {
        if (outputEnded) {
            var ended = new ChannelOutputShutdownException("the output of the connection has ended");
            while (in.current() != null) {
                in.remove(ended);
            }
            return;
        }
        for (Object message = in.current(); message != null; message = in.current()) {
            written.add(ReferenceCountUtil.retain(message));
            in.remove();
        }
        loop.wake();
    }

    @Override
    protected void doRegister(ChannelPromise promise) {
        active = true;
        promise.setSuccess();
    }

    @Override
    protected void doClose() {
        open = false;
        loop.wake();
    }

    @Override
    protected void doDisconnect() {
        doClose();
    }

    @Override
    protected void doBind(SocketAddress local) {
        throw new UnsupportedOperationException("the channel of a Rill connection is connected");
    }

    @Override
    protected void doBeginRead() {} // whether anything is read is up to the connection

    @Override
    protected boolean isCompatible(EventLoop candidate) {
        return candidate instanceof BridgeLoop;
    }

    @Override
    protected SocketAddress localAddress0() {
        return LOCAL;
    }

    @Override
    protected SocketAddress remoteAddress0() {
        return peer;
    }

    @Override
    public ChannelConfig config() {
        return config;
    }

    @Override
    public ChannelMetadata metadata() {
        return METADATA;
    }

    @Override
    public boolean isOpen() {
        return open;
    }

    @Override
    public boolean isActive() {
        return active && open;
    }

    // ---- what happens on the connection

    void onWake(Runnable wakes) {
        loop.onWake(wakes);
    }

    void begin() {
        attempt(() -> {
            pipeline().addLast(new Adding());
            loop.register(this).syncUninterruptibly();
            requireNoThreads();
            if (isUsable()) {
                ready = handlers.ready(pipeline());
            }
            if (ready != null) {
                ready.addListener(done -> onLoop(() -> {
                    failedBy(done.cause());
                    ready = null;
                    loop.wake();
                }));
            }
        });
    }

    /** A listener of a Future that is not Netty's own event loop's is told by whoever completes it. */
    private void onLoop(Runnable action) {
        if (loop.inEventLoop()) {
            action.run();
        } else {
            loop.execute(action);
        }
    }

    /** Their calls would overtake one another: the end of the input would be told before what such a handler still has. */
    private void requireNoThreads() {
        for (String name : pipeline().names()) {
            ChannelHandlerContext context = pipeline().context(name);
            if (context != null && context.executor() != loop) {
                throw new UnsupportedOperationException(
                        "the handler " + name
                                + " was added with an executor of its own, and handlers of a Rill connection work on its loop: let it hand on what takes long by itself");
            }
        }
    }

    /** Takes the bytes. */
    void decode(ByteBuf bytes) {
        if (isUsable()) {
            attempt(() -> {
                pipeline().fireChannelRead(bytes);
                pipeline().fireChannelReadComplete();
            });
        } else {
            bytes.release();
        }
    }

    void endInput() {
        if (isUsable()) {
            attempt(() -> {
                pipeline().fireUserEventTriggered(ChannelInputShutdownEvent.INSTANCE);
                pipeline().fireUserEventTriggered(ChannelInputShutdownReadComplete.INSTANCE);
            });
        }
    }

    /** Takes the message. Gives why it can't be written, or null; handlers may keep it for a while, and refuse it later. */
    @Nullable
    Throwable encode(Object message) {
        boolean within = loop.called(true);
        ChannelFuture done;
        try {
            done = pipeline().write(message);
        } finally {
            loop.called(within);
        }
        runDue(); // handlers may write it from a task
        attempt(() -> pipeline().flush());
        if (done.isDone()) {
            return done.cause();
        }
        unwritten++;
        done.addListener(later -> {
            unwritten--;
            failedBy(later.cause());
            loop.wake();
        });
        return null;
    }

    /** Asks the handlers to close, as if the channel were closed here: what they write then is a good-bye. */
    void endOutput() {
        if (isOpen()) {
            endingOutput = true;
            attempt(() -> failedBy(pipeline().close().cause()));
        }
    }

    /** What they write from now on would go nowhere, and fails. */
    void outputEnded() {
        outputEnded = true;
    }

    /** Runs what is due. Gives the time until something else is, or a negative number if nothing is. */
    long runDue() {
        boolean within = loop.called(true);
        try {
            loop.run(this::failedBy);
        } finally {
            loop.called(within);
        }
        return loop.nanosUntilDue();
    }

    /** The connection is gone. Throws what handlers throw when they are told, unless that is what the network or the peer did: its end is known. */
    void end() {
        failure = null;
        endingOutput = false;
        if (active) {
            attempt(() -> unsafe().close(voidPromise())); // not through the handlers, who might put it off
        }
        boolean within = loop.called(true);
        loop.end(this::failedBy);
        loop.called(within);
        dropWritten(0);
        dropArrived();
        Throwable thrown = failure;
        if (thrown != null && told(thrown).getCause() == thrown) { // neither, and checked
            throw new IllegalStateException("a handler has thrown when the connection was gone", thrown);
        }
    }

    private void attempt(ThrowingRunnable action) {
        boolean within = loop.called(true);
        try {
            action.run();
        } catch (Throwable t) {
            failedBy(t);
        } finally {
            loop.called(within);
        }
        runDue();
    }

    // ---- what has come of it

    /** Whether it takes bytes and messages. */
    boolean isUsable() {
        return isOpen() && failure == null;
    }

    /** Whether what is written has to wait: handlers keep some of it, or aren't ready for any. */
    boolean keepsWrites() {
        return unwritten > 0 || ready != null;
    }

    @Nullable
    Throwable failure() {
        return failure;
    }

    /** If there is a cause, it has failed. */
    void failedBy(@Nullable Throwable cause) {
        if (cause == null) {
            return;
        }
        if (loop.hasEnded()) {
            loop.report(cause);
        } else if (failure == null) {
            failure = cause;
            loop.wake();
        }
    }

    /** Tells the loop of what is no failure of the connection. */
    void report(Throwable thrown) {
        loop.report(thrown);
    }

    @Nullable
    Object poll() {
        return arrived.poll();
    }

    boolean hasArrived() {
        return !arrived.isEmpty();
    }

    void dropArrived() {
        arrived.forEach(BridgeChannel::release);
        arrived.clear();
    }

    /** How many messages and events wait to be given. */
    int arrived() {
        return arrived.size();
    }

    /** Releases what has arrived and is of no use. */
    static void release(Object message) {
        ReferenceCountUtil.release(message instanceof Event(Object event) ? event : message);
    }

    boolean hasWritten() {
        return !written.isEmpty();
    }

    /** How many pieces wait to be passed on. */
    int written() {
        return written.size();
    }

    /** Whether the handlers have made something else than bytes of what was written after that many pieces: then why that is wrong. */
    @Nullable
    Throwable unfit(int before) {
        int n = 0;
        for (Object each : written) {
            if (n++ >= before && !(each instanceof ByteBuf)) {
                return new IllegalArgumentException("the handlers have made a "
                        + each.getClass().getName()
                        + " of what was written, and a ByteBuf is needed: is there an encoder for it?");
            }
        }
        return null;
    }

    /** Passes on what the handlers have written; or fails, and drops all of it. */
    void send(Outgoing out) {
        Throwable unfit = unfit(0);
        try {
            while (unfit == null && written.poll() instanceof ByteBuf bytes) {
                if (bytes.isReadable()) {
                    out.pass(bytes);
                } else {
                    bytes.release();
                }
            }
        } catch (Throwable t) { // no memory
            unfit = t;
        }
        if (unfit != null) {
            dropWritten(0);
            failedBy(unfit);
        }
    }

    /** Releases what the handlers have written after that many pieces; true if there were bytes among it. */
    boolean dropWritten(int before) {
        boolean bytes = false;
        while (written.size() > before) {
            Object last = written.removeLast();
            bytes |= last instanceof ByteBuf;
            ReferenceCountUtil.release(last);
        }
        return bytes;
    }

    /** What is the network's or the peer's is an IOException inside of one of Netty's. */
    static IOException told(Throwable thrown) {
        return switch (thrown) {
            case IOException io -> io;
            case RuntimeException wrapper when wrapper.getCause() instanceof IOException io -> io;
            case RuntimeException other -> throw other;
            case Error error -> throw error;
            default -> new IOException(thrown);
        };
    }
}
