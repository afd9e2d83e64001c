package rill.bench.program;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.flush.FlushConsolidationHandler;
import java.net.InetAddress;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A hand-written client on Netty: commands are encoded directly into a pooled buffer, bulk replies parsed in place, with one future per call and
 * consolidated flushes. Options: the transport, the allocator, and after how many flushes one is let through.
 */
public final class NettyRedis implements Gets {
    private final ArrayDeque<CompletableFuture<byte[]>> inFlight = new ArrayDeque<>(); // on the loop
    private @Nullable Channel channel;

    /** Created by {@link GetsMain}. */
    public NettyRedis() {}

    @Override
    public void connect(int port, List<String> options) throws Exception {
        NettyLoops loops = NettyLoops.open(options);
        int consolidation = Integer.parseInt(options.get(2));
        channel = loops.connecting()
                .handler(new ChannelInitializer<SocketChannel>() {
                    @Override
                    protected void initChannel(SocketChannel socket) {
                        socket.pipeline()
                                .addLast(new FlushConsolidationHandler(consolidation, true))
                                .addLast(new Replies());
                    }
                })
                .connect(InetAddress.ofLiteral("127.0.0.1"), port)
                .sync()
                .channel();
    }

    private Channel connected() {
        if (channel == null) {
            throw new IllegalStateException("not connected");
        }
        return channel;
    }

    @Override
    public void get(String key, Answer answer) {
        var future = new CompletableFuture<byte[]>();
        var _ = future.whenComplete((bytes, failure) -> answer.done(failure == null ? bytes.length : -1, failure));
        Channel to = connected();
        if (to.eventLoop().inEventLoop()) {
            send(to, key, future);
        } else {
            to.eventLoop().execute(() -> send(to, key, future));
        }
    }

    private void send(Channel to, String key, CompletableFuture<byte[]> future) {
        inFlight.add(future);
        ByteBuf command = to.alloc().ioBuffer(64);
        ByteBufUtil.writeAscii(command, "*2\r\n$3\r\nGET\r\n$");
        ByteBufUtil.writeAscii(command, Integer.toString(key.length()));
        command.writeShort('\r' << 8 | '\n');
        ByteBufUtil.writeAscii(command, key);
        command.writeShort('\r' << 8 | '\n');
        var _ = to.writeAndFlush(command, to.voidPromise());
    }

    @Override
    public void onLoop(Runnable action) {
        connected().eventLoop().execute(action);
    }

    /** Decodes only bulk replies: a GET of an existing key gives nothing else. */
    private final class Replies extends ByteToMessageDecoder {
        private static final int LONGEST_LENGTH = 12;

        @Override
        protected void decode(ChannelHandlerContext context, ByteBuf in, List<Object> out) {
            int start = in.readerIndex();
            int lineEnd = in.bytesBefore(Math.min(LONGEST_LENGTH, in.readableBytes()), (byte) '\r');
            if (lineEnd < 0) {
                return;
            }
            if (in.getByte(start) != '$') {
                throw new IllegalStateException("not a bulk reply: " + in.toString(US_ASCII));
            }
            int length = 0;
            for (int i = 1; i < lineEnd; i++) {
                length = length * 10 + in.getByte(start + i) - '0';
            }
            int whole = lineEnd + 2 + length + 2;
            if (in.readableBytes() < whole) {
                return;
            }
            byte[] value = new byte[length];
            in.getBytes(start + lineEnd + 2, value);
            in.skipBytes(whole);
            inFlight.remove().complete(value);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            inFlight.forEach(each -> each.completeExceptionally(cause));
            var _ = context.close();
        }
    }
}
