package rill.bench.program;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.AdaptiveByteBufAllocator;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.ChannelOption;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.util.List;

/**
 * One Netty event loop, of the kind and with the allocator that the options name.
 *
 * @param ring whether its channels receive into the ring of buffers of {@link NettyUring}
 */
record NettyLoops(
        MultiThreadIoEventLoopGroup group,
        Class<? extends ServerChannel> server,
        Class<? extends SocketChannel> client,
        ByteBufAllocator allocator,
        boolean ring) {

    /** Takes {@code nio}, {@code epoll} or {@code io_uring}, then {@code pooled}, {@code adaptive} or nothing, for Netty's default. */
    static NettyLoops open(List<String> options) throws UnavailableException {
        ByteBufAllocator allocator = switch (options.size() > 1 ? options.get(1) : "default") {
            case "pooled" -> PooledByteBufAllocator.DEFAULT;
            case "adaptive" -> new AdaptiveByteBufAllocator();
            default -> ByteBufAllocator.DEFAULT;
        };
        return switch (options.getFirst()) {
            case "nio" ->
                of(NioIoHandler.newFactory(), NioServerSocketChannel.class, NioSocketChannel.class, allocator, false);
            case "epoll" -> {
                if (!Epoll.isAvailable()) {
                    throw new UnavailableException("Netty's epoll: " + Epoll.unavailabilityCause());
                }
                yield of(
                        EpollIoHandler.newFactory(),
                        EpollServerSocketChannel.class,
                        EpollSocketChannel.class,
                        allocator,
                        false);
            }
            case "io_uring" -> NettyUring.open(allocator);
            default -> throw new IllegalArgumentException("no such transport of Netty: " + options);
        };
    }

    static NettyLoops of(
            IoHandlerFactory factory,
            Class<? extends ServerChannel> server,
            Class<? extends SocketChannel> client,
            ByteBufAllocator allocator,
            boolean ring) {
        return new NettyLoops(new MultiThreadIoEventLoopGroup(1, factory), server, client, allocator, ring);
    }

    /** Returns a bootstrap of a server, with what all have in common. */
    ServerBootstrap serving() {
        var bootstrap = new ServerBootstrap()
                .group(group)
                .channel(server)
                .option(ChannelOption.SO_BACKLOG, 4096)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childOption(ChannelOption.ALLOCATOR, allocator);
        if (ring) {
            NettyUring.useBufferRing(bootstrap);
        }
        return bootstrap;
    }

    /** Returns a bootstrap of a client, with what all have in common. */
    Bootstrap connecting() {
        var bootstrap = new Bootstrap()
                .group(group)
                .channel(client)
                .option(ChannelOption.TCP_NODELAY, true)
                .option(ChannelOption.ALLOCATOR, allocator);
        if (ring) {
            NettyUring.useBufferRing(bootstrap);
        }
        return bootstrap;
    }
}
