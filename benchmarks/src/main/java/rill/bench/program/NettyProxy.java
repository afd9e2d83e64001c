package rill.bench.program;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpServerCodec;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A reverse proxy on Netty's codecs. Each connection has one connection to the server behind it, on the same loop. It flushes once per batch of
 * reads, and reads only while the other side accepts data. Options: those of {@link NettyHttp}, followed by the port of the server behind it.
 */
public final class NettyProxy implements Server {
    /** Created by {@link ServerMain}. */
    public NettyProxy() {}

    @Override
    public int listen(List<String> options) throws Exception {
        var behind = new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), Integer.parseInt(options.getLast()));
        NettyLoops loops = NettyLoops.open(options);
        return NettyEcho.listen(
                loops, channel -> new ChannelHandler[] {new HttpServerCodec(), new Front(behind, loops)}, new Rest());
    }

    /** Passes everything on to the other side, and closes that when this one is closed. */
    private abstract static class Side extends ChannelInboundHandlerAdapter {
        @Nullable
        Channel other;

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            Channel to = other();
            var _ = to.write(message, to.voidPromise());
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext context) {
            if (other != null) {
                other.flush();
            }
        }

        @Override
        public void channelWritabilityChanged(ChannelHandlerContext context) {
            if (other != null) {
                other.config().setAutoRead(context.channel().isWritable());
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            if (other != null) {
                var _ = other.close();
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            var _ = context.close();
        }

        private Channel other() {
            if (other == null) {
                throw new IllegalStateException("read before the other side is connected");
            }
            return other;
        }
    }

    private static final class Front extends Side {
        private final InetSocketAddress behind;
        private final NettyLoops loops;

        Front(InetSocketAddress behind, NettyLoops loops) {
            this.behind = behind;
            this.loops = loops;
        }

        @Override
        public void channelActive(ChannelHandlerContext context) {
            Channel front = context.channel();
            front.config().setAutoRead(false);
            var _ = loops.connecting() // there is one loop
                    .handler(new ChannelInitializer<SocketChannel>() {
                        @Override
                        protected void initChannel(SocketChannel channel) {
                            channel.pipeline().addLast(new HttpClientCodec(), new Back(front));
                        }
                    })
                    .connect(behind)
                    .addListener((ChannelFutureListener) connected -> {
                        if (connected.isSuccess()) {
                            other = connected.channel();
                            front.config().setAutoRead(true);
                        } else {
                            var _ = front.close();
                        }
                    });
        }
    }

    private static final class Back extends Side {
        Back(Channel front) {
            other = front;
        }
    }

    /** Receives nothing. */
    @ChannelHandler.Sharable
    private static final class Rest extends ChannelInboundHandlerAdapter {}
}
