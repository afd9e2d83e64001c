package rill.bridge.netty;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.LengthFieldBasedFrameDecoder;
import io.netty.handler.codec.LengthFieldPrepender;
import io.netty.handler.codec.compression.JdkZlibDecoder;
import io.netty.handler.codec.compression.JdkZlibEncoder;
import io.netty.handler.codec.compression.ZlibWrapper;
import io.netty.handler.ssl.SslHandler;
import java.util.ArrayDeque;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import rill.ByteLayer;

/** Layers of Netty's handlers that are the same at both ends, or take each end's role. The layers above must not notice them. */
final class BridgedLayers {
    private BridgedLayers() {}

    /** Layers that do nothing, prefix lengths, compress, and delay. */
    static Map<String, ByteLayer> plain() {
        return Map.of(
                "netty-nothing", layer(handlers -> {}),
                "netty-lengths", layer(BridgedLayers::lengths),
                "netty-zlib", layer(BridgedLayers::zlib),
                "netty-late", layer(handlers -> handlers.addLast(new Late())));
    }

    private static ByteLayer layer(java.util.function.Consumer<? super ChannelPipeline> handlers) {
        return NettyHandlers.of(handlers).layer();
    }

    private static void lengths(ChannelPipeline handlers) {
        handlers.addLast(new ChannelInitializer<Channel>() {
            @Override
            protected void initChannel(Channel channel) {
                channel.pipeline()
                        .addLast(
                                new LengthFieldBasedFrameDecoder(Integer.MAX_VALUE, 0, 4, 0, 4),
                                new LengthFieldPrepender(4));
            }
        });
    }

    private static void zlib(ChannelPipeline handlers) {
        handlers.addLast(new JdkZlibDecoder(ZlibWrapper.ZLIB, 0), new JdkZlibEncoder(ZlibWrapper.ZLIB));
    }

    /** Netty's TLS. Without {@code readyWhen}, an end of the output during the handshake would break the handshake off. */
    static Map<String, ByteLayer> tls(SSLContext context) {
        ByteLayer client = ready(tls(context, true)).layer();
        ByteLayer server = ready(tls(context, false)).layer();
        return Map.of("netty-tls", opened -> (opened.target() == null ? server : client).open(opened));
    }

    private static NettyHandlers ready(NettyHandlers tls) {
        return tls.readyWhen(handlers -> handlers.get(SslHandler.class).handshakeFuture());
    }

    /** TLS 1.3 only, since 1.2 has no half-close. */
    private static NettyHandlers tls(SSLContext context, boolean client) {
        return NettyHandlers.of(handlers -> {
            SSLEngine engine = context.createSSLEngine();
            engine.setUseClientMode(client);
            engine.setEnabledProtocols(new String[] {"TLSv1.3"});
            handlers.addLast(new SslHandler(engine));
        });
    }

    /** Keeps every third message for a while, and then writes it. */
    static final class Late extends ChannelOutboundHandlerAdapter {
        private final ArrayDeque<ByteBuf> kept = new ArrayDeque<>();
        private int count;

        @Override
        public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
            if (count++ % 3 == 1) {
                kept.add((ByteBuf) message);
                var _ = context.executor()
                        .schedule(
                                () -> {
                                    ByteBuf next = kept.poll();
                                    if (next != null) {
                                        var _ = context.writeAndFlush(next, promise);
                                    }
                                },
                                5,
                                TimeUnit.MILLISECONDS);
            } else {
                var _ = context.write(message, promise);
            }
        }

        @Override
        public void handlerRemoved(ChannelHandlerContext context) {
            kept.forEach(ByteBuf::release);
            kept.clear();
        }
    }
}
