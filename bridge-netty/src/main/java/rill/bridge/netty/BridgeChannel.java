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
import java.net.SocketAddress;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;
import rill.Outgoing;
import rill.ThrowingRunnable;

/**
 * The channel of one connection's handlers, without a socket or a thread. The session handles what they do while it is called; what they do outside
 * of a call {@linkplain BridgeLoop#wake wakes} it. No call throws the handlers' exceptions; the first one is kept as the {@link #failure}.
 *
 * <pre>
 *  new ──begin()──▶ open ── a handler closes it, or end() ──▶ closed: takes no bytes and no messages
 *                     └ endOutput(): the handlers are asked to close, and say their good-bye; it stays open for further input.
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
    private @Nullable Future<?> ready; // writes wait until it is done; null: it is done, or there is none
    private int unwritten; // messages that handlers have taken and neither written nor refused
    private volatile boolean active; // the handlers were added; other threads read it as well
    private volatile boolean open = true;
    private boolean endingOutput; // until the handlers have passed on our close
    private boolean outputEnded; // no more writes are sent
    private @Nullable Throwable failure;
    private boolean told; // the connection knows of it

    /** A user event of a handler, in order with the messages. */
    record Event(Object event) {}

    BridgeChannel(NettyHandlers handlers, SocketAddress peer) {
        super(null);
        config.setWriteBufferHighWaterMark(Integer.MAX_VALUE); // always writable: what is full is Rill's to say
        this.handlers = handlers;
        this.peer = peer;
    }

    // ---- called by handlers

    /** A pipeline whose tail receives whatever the last handler passes on. */
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

    /** After a failure nothing is received any more: there would be a gap before it. */
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

    /** Adds the handlers as Netty does: what they hold is released even if the rest can't be added. */
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
    protected void doBeginRead() {} // the connection decides whether to read

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

    // ---- called by the connection

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

    /** Runs an action on the loop: a Future of another executor notifies its listeners on the thread that completes it. */
    private void onLoop(Runnable action) {
        if (loop.inEventLoop()) {
            action.run();
        } else {
            loop.execute(action);
        }
    }

    /**
     * Handlers with other executors are refused: their calls would overtake one another, for example the end of input would arrive before the
     * messages that such a handler still holds.
     */
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

    /** Takes ownership of the bytes. */
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

    /** Takes ownership of the message. Returns the reason why it can't be written, or null. Handlers may keep it for a while, and refuse it later. */
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

    /** Asks the handlers to close, as if the channel were closed here. What they write then is their good-bye. */
    void endOutput() {
        if (isOpen()) {
            endingOutput = true;
            attempt(() -> failedBy(pipeline().close().cause()));
        }
    }

    /** From now on, the handlers' writes would go nowhere, and fail. */
    void outputEnded() {
        outputEnded = true;
    }

    /** Runs the tasks that are due. Returns the time until the next is due, or a negative number if there is none. */
    long runDue() {
        boolean within = loop.called(true);
        try {
            loop.run(this::failedBy);
        } finally {
            loop.called(within);
        }
        return loop.nanosUntilDue();
    }

    /**
     * The connection is closed. Throws the exception that handlers throw when they are notified, except one that stems from the network or the peer,
     * whose end is already known.
     */
    void end() {
        Throwable untold = told ? null : failure;
        if (untold != null && Failures.network(untold) == null) {
            loop.report(untold); // its turn after the messages before it has not come
        }
        failure = null;
        endingOutput = false;
        if (active) {
            attempt(() -> unsafe().close(voidPromise())); // not through the handlers, which might postpone it
        }
        boolean within = loop.called(true);
        loop.end(this::failedBy);
        loop.called(within);
        dropWritten(0);
        dropArrived();
        Throwable thrown = failure;
        if (thrown != null && Failures.told(thrown).getCause() == thrown) { // neither an IOException nor unchecked
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

    // ---- results

    /** Whether it takes bytes and messages. */
    boolean isUsable() {
        return isOpen() && failure == null;
    }

    /** Whether writes have to wait, since handlers hold some of the earlier ones or are not ready. */
    boolean keepsWrites() {
        return unwritten > 0 || ready != null;
    }

    @Nullable
    Throwable failure() {
        return failure;
    }

    /** The connection is told of the failure by what is thrown now; no-op if there is none. */
    void told() {
        told |= failure != null;
    }

    /** Records a failure; no-op for null. */
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

    /** Reports to the loop what is not a failure of the connection. */
    void report(Throwable thrown) {
        loop.report(thrown);
    }

    /** The next that waits to be received, which stays. */
    @Nullable
    Object peek() {
        return arrived.peek();
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

    /** The number of messages and events that wait to be received. */
    int arrived() {
        return arrived.size();
    }

    /** Releases what has arrived and is not used. */
    static void release(Object message) {
        ReferenceCountUtil.release(message instanceof Event(Object event) ? event : message);
    }

    boolean hasWritten() {
        return !written.isEmpty();
    }

    /** The number of pieces that wait to be sent. */
    int written() {
        return written.size();
    }

    /** If the handlers have turned a write, after the first {@code before} pieces, into anything but bytes, says so; otherwise null. */
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

    /** Sends what the handlers have written; if that fails, drops all of it. */
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
        } catch (Throwable t) { // out of memory
            unfit = t;
        }
        if (unfit != null) {
            dropWritten(0);
            failedBy(unfit);
        }
    }

    /** Releases what the handlers have written after the first {@code before} pieces; returns true if there were bytes among it. */
    boolean dropWritten(int before) {
        boolean bytes = false;
        while (written.size() > before) {
            Object last = written.removeLast();
            bytes |= last instanceof ByteBuf;
            ReferenceCountUtil.release(last);
        }
        return bytes;
    }
}
