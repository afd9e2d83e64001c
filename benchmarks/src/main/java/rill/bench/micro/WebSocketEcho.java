package rill.bench.micro;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.websocketx.Utf8FrameValidator;
import io.netty.handler.codec.http.websocketx.WebSocket13FrameDecoder;
import io.netty.handler.codec.http.websocketx.WebSocket13FrameEncoder;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import rill.Pipeline;
import rill.http.websocket.WebSocket;

/** A binary message masked by a WebSocket client, written back by the server, one per tick. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@SuppressWarnings("NullAway.Init") // JMH calls setUp first
public class WebSocketEcho {
    private static final int MOST = 64 * 1024;
    private static final int MASK = 0x37FA213D;
    private static final byte[] REQUEST = """
            GET / HTTP/1.1\r
            Host: localhost\r
            Upgrade: websocket\r
            Connection: Upgrade\r
            Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r
            Sec-WebSocket-Version: 13\r
            \r
            """.getBytes(US_ASCII);

    /** The size of the message in bytes. */
    @Param({"64", "16384"})
    public int size;

    private ByteBuf input;
    private int answer;
    private RillSide<ByteBuf, ByteBuf> rill;
    private NettySide netty;

    /** Performs the handshake, and builds the frame. */
    @Setup
    public void setUp() {
        boolean small = size < 126;
        input = Unpooled.directBuffer(MOST).writeByte(0x82).writeByte(0x80 | (small ? size : 126));
        if (!small) {
            input.writeShort(size);
        }
        input.writeInt(MASK).writeZero(size);
        answer = size + (small ? 2 : 4);
        rill = new RillSide<>(Pipeline.bytes(), connection -> {
            var socket = connection.become(WebSocket.server());
            socket.onMessage(message -> {
                var _ = socket.write(message);
            });
        });
        rill.read(Unpooled.wrappedBuffer(REQUEST), 1);
        long _ = rill.written();
        netty = new NettySide(
                new WebSocket13FrameDecoder(true, false, MOST),
                new WebSocket13FrameEncoder(false),
                new Utf8FrameValidator(),
                new Echo());
    }

    /** Rill. */
    @Benchmark
    public long rill() {
        rill.read(input, 1);
        return Written.checked(rill.written(), answer);
    }

    /** Netty. */
    @Benchmark
    public long netty() {
        netty.read(input, 1);
        return Written.checked(netty.written(), answer);
    }

    private static final class Echo extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            var _ = context.write(message, context.voidPromise());
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext context) {
            context.flush();
        }
    }
}
