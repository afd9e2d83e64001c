package rill.bench.program;

import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.socket.SocketChannel;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.function.Function;

/**
 * Netty in the style of its authors: a write per read and one flush per batch of reads, void promises, one loop for everything. Options: the
 * transport and the allocator; see {@link NettyLoops}.
 */
public final class NettyEcho implements Server {
    /** Above what any case has in flight, so that none is slowed down by back-pressure. */
    private static final WriteBufferWaterMark MARKS = new WriteBufferWaterMark(512 * 1024, 1024 * 1024);

    /** Created by {@link ServerMain}. */
    public NettyEcho() {}

    @Override
    public int listen(List<String> options) throws Exception {
        return listen(options, channel -> new ChannelHandler[0]);
    }

    /** Listens with other handlers before the echo. */
    static int listen(List<String> options, Function<SocketChannel, ChannelHandler[]> before) throws Exception {
        return listen(options, before, new Echo());
    }

    /** Listens with handlers for each channel, and one that all channels share. */
    static int listen(List<String> options, Function<SocketChannel, ChannelHandler[]> before, ChannelHandler last)
            throws Exception {
        return listen(NettyLoops.open(options), before, last);
    }

    /** Likewise, on loops that others use as well. */
    static int listen(NettyLoops loops, Function<SocketChannel, ChannelHandler[]> before, ChannelHandler last)
            throws Exception {
        var any = new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0);
        var channel = loops.serving()
                .childOption(ChannelOption.WRITE_BUFFER_WATER_MARK, MARKS)
                .childHandler(new ChannelInitializer<SocketChannel>() {
                    @Override
                    protected void initChannel(SocketChannel channel) {
                        channel.pipeline().addLast(before.apply(channel)).addLast(last);
                    }
                })
                .bind(any)
                .sync()
                .channel();
        return ((InetSocketAddress) channel.localAddress()).getPort();
    }

    @Sharable
    private static final class Echo extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            var _ = context.write(message, context.voidPromise());
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext context) {
            context.flush();
        }

        @Override
        public void channelWritabilityChanged(ChannelHandlerContext context) {
            // Does not read from a peer that does not read; this never happens in any case.
            context.channel().config().setAutoRead(context.channel().isWritable());
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            var _ = context.close();
        }
    }
}
