package rill.bench.micro;

import io.netty.buffer.ByteBuf;
import io.netty.channel.AbstractChannel;
import io.netty.channel.ChannelConfig;
import io.netty.channel.ChannelMetadata;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelPromise;
import io.netty.channel.DefaultChannelConfig;
import io.netty.channel.DefaultChannelPipeline;
import io.netty.channel.EventLoop;
import io.netty.channel.ManualIoEventLoop;
import io.netty.channel.local.LocalAddress;
import io.netty.channel.local.LocalIoHandler;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * A Netty channel that leads nowhere: it counts and discards what is written. It does what a channel with a socket does, on an event loop of the
 * thread that makes it, and nothing else; an {@code EmbeddedChannel} also looks for tasks after each write.
 */
final class NettyMemoryChannel extends AbstractChannel {
    private static final ChannelMetadata METADATA = new ChannelMetadata(false);
    private static final SocketAddress LOCAL = new LocalAddress("memory");

    private final ChannelConfig config = new DefaultChannelConfig(this);
    private boolean open = true;
    private @Nullable Throwable failure;
    private long written;

    NettyMemoryChannel() {
        super(null);
        EventLoop loop = new ManualIoEventLoop(Thread.currentThread(), LocalIoHandler.newFactory());
        loop.register(this).syncUninterruptibly();
    }

    /** Throws if a handler has failed. */
    void requireWell() {
        if (failure != null) {
            throw new IllegalStateException("a handler has failed", failure);
        }
    }

    /** Returns the bytes flushed since the last call. */
    long written() {
        requireWell();
        long bytes = written;
        written = 0;
        return bytes;
    }

    @Override
    protected void doWrite(ChannelOutboundBuffer out) {
        for (Object message = out.current(); message != null; message = out.current()) {
            written += ((ByteBuf) message).readableBytes();
            out.remove();
        }
    }

    @Override
    protected DefaultChannelPipeline newChannelPipeline() {
        return new DefaultChannelPipeline(this) {
            @Override
            protected void onUnhandledInboundException(Throwable cause) {
                failure = cause;
            }
        };
    }

    @Override
    protected AbstractUnsafe newUnsafe() {
        return new AbstractUnsafe() {
            @Override
            public void connect(SocketAddress remote, @Nullable SocketAddress local, ChannelPromise promise) {
                promise.setFailure(new UnsupportedOperationException("a channel in memory is connected"));
            }
        };
    }

    @Override
    protected void doRegister(ChannelPromise promise) {
        promise.setSuccess();
    }

    @Override
    protected boolean isCompatible(EventLoop loop) {
        return true;
    }

    @Override
    protected void doBind(SocketAddress local) {
        throw new UnsupportedOperationException("a channel in memory is connected");
    }

    @Override
    protected void doBeginRead() {} // the benchmark decides when to read

    @Override
    protected void doDisconnect() {
        doClose();
    }

    @Override
    protected void doClose() {
        open = false;
    }

    @Override
    protected SocketAddress localAddress0() {
        return LOCAL;
    }

    @Override
    protected SocketAddress remoteAddress0() {
        return LOCAL;
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
        return open && isRegistered();
    }
}
