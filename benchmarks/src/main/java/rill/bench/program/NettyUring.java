package rill.bench.program;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.uring.IoUring;
import io.netty.channel.uring.IoUringAdaptiveBufferRingAllocator;
import io.netty.channel.uring.IoUringBufferRingConfig;
import io.netty.channel.uring.IoUringChannelOption;
import io.netty.channel.uring.IoUringIoHandler;
import io.netty.channel.uring.IoUringIoHandlerConfig;
import io.netty.channel.uring.IoUringServerSocketChannel;
import io.netty.channel.uring.IoUringSocketChannel;

/** Netty on io_uring, with a ring of buffers from which the kernel picks. */
final class NettyUring {
    private static final short GROUP = 1;
    private static final short RING = 256;
    private static final int BATCH = 32;

    private NettyUring() {}

    static NettyLoops open(ByteBufAllocator allocator) throws UnavailableException {
        if (!IoUring.isAvailable()) {
            throw new UnavailableException("Netty's io_uring: " + IoUring.unavailabilityCause());
        }
        if (!IoUring.isRegisterBufferRingSupported()) {
            throw new UnavailableException("Netty's io_uring: this kernel has no buffer rings");
        }
        var ring = IoUringBufferRingConfig.builder()
                .bufferGroupId(GROUP)
                .bufferRingSize(RING)
                .batchSize(BATCH)
                .incremental(IoUring.isRegisterBufferRingIncSupported())
                .allocator(new IoUringAdaptiveBufferRingAllocator(allocator))
                .build();
        return NettyLoops.of(
                IoUringIoHandler.newFactory(new IoUringIoHandlerConfig().setBufferRingConfig(ring)),
                IoUringServerSocketChannel.class,
                IoUringSocketChannel.class,
                allocator,
                true);
    }

    static void useBufferRing(ServerBootstrap bootstrap) {
        bootstrap.childOption(IoUringChannelOption.IO_URING_BUFFER_GROUP_ID, GROUP);
    }

    static void useBufferRing(Bootstrap bootstrap) {
        bootstrap.option(IoUringChannelOption.IO_URING_BUFFER_GROUP_ID, GROUP);
    }
}
