package rill.bench.micro;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpHeadersFactory;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.util.AsciiString;
import io.netty.util.ReferenceCountUtil;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import rill.http.wire.HttpFields;
import rill.http.wire.HttpWire;
import rill.http.wire.RequestEvent;
import rill.http.wire.ResponseEvent;
import rill.http.wire.ResponseHead;

/**
 * Requests as in {@link HttpDecoding}, each answered with a text of 13 bytes and three fields. Both sides make the fields anew for each answer, from
 * a date and a type that they have; Netty has its length as well.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@OperationsPerInvocation(Messages.COUNT)
public class HttpAnswering {
    private static final String DATE = "Sat, 28 Nov 2026 12:00:00 GMT";
    private static final byte[] TEXT = "Hello, World!".getBytes(US_ASCII);
    private static final int LEAST = Messages.COUNT * 100;

    private final ByteBuf input = Messages.repeated(HttpDecoding.REQUEST);
    private final RillSide<RequestEvent, ResponseEvent> rill = new RillSide<>(
            HttpWire.server(),
            connection -> connection.onMessage(message -> {
                HttpFields fields = HttpFields.of("Date", DATE, "Content-Type", "text/plain");
                var _ = connection.write(ResponseHead.of(200, fields).content(TEXT));
            }));
    private final NettySide netty = new NettySide(new HttpServerCodec(), new Answers());

    private static final class Answers extends ChannelInboundHandlerAdapter {
        private final AsciiString date = new AsciiString(DATE);
        private final AsciiString length = AsciiString.cached(Integer.toString(TEXT.length));
        private final ByteBuf text =
                Unpooled.unreleasableBuffer(Unpooled.directBuffer().writeBytes(TEXT));

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            if (message instanceof HttpRequest) {
                var answer = new DefaultFullHttpResponse(
                        HttpVersion.HTTP_1_1,
                        HttpResponseStatus.OK,
                        text.duplicate(),
                        DefaultHttpHeadersFactory.headersFactory().newHeaders(),
                        EmptyHttpHeaders.INSTANCE);
                answer.headers()
                        .set(HttpHeaderNames.DATE, date)
                        .set(HttpHeaderNames.CONTENT_TYPE, HttpHeaderValues.TEXT_PLAIN)
                        .set(HttpHeaderNames.CONTENT_LENGTH, length);
                var _ = context.write(answer, context.voidPromise());
            }
            ReferenceCountUtil.release(message);
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext context) {
            context.flush();
        }
    }

    /** Rill. */
    @Benchmark
    public long rill() {
        rill.read(input, 1);
        return atLeast(rill.written());
    }

    /** Netty. */
    @Benchmark
    public long netty() {
        netty.read(input, 1);
        return atLeast(netty.written());
    }

    private static long atLeast(long written) {
        if (written < LEAST || written % Messages.COUNT != 0) {
            throw new IllegalStateException(Messages.COUNT + " answers make " + written + " bytes");
        }
        return written;
    }
}
