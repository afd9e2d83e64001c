package rill.bench.program;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpHeadersFactory;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.AsciiString;
import io.netty.util.ReferenceCountUtil;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * HTTP on Netty's {@code HttpServerCodec}, with {@link NettyEcho}'s flushes: a write per request, one flush per batch of reads. Options: the
 * transport and the allocator, see {@link NettyLoops}; {@code lax} leaves out the validation of names and values of fields, in both directions.
 */
public final class NettyHttp implements Server {
    private static final ByteBuf TEXT = Unpooled.unreleasableBuffer(
            Unpooled.directBuffer().writeBytes(HttpTexts.text()).asReadOnly());
    private static final AsciiString TEXT_LENGTH = length(HttpTexts.text());
    private static final AsciiString JSON_LENGTH = length(HttpTexts.json());

    /** Created by {@link ServerMain}. */
    public NettyHttp() {}

    private static AsciiString length(byte[] content) {
        return AsciiString.cached(Integer.toString(content.length));
    }

    @Override
    public int listen(List<String> options) throws Exception {
        boolean lax = options.contains("lax");
        HttpDecoderConfig config = new HttpDecoderConfig().setValidateHeaders(!lax);
        var answers = new Answers(
                lax
                        ? DefaultHttpHeadersFactory.headersFactory().withValidation(false)
                        : DefaultHttpHeadersFactory.headersFactory());
        return NettyEcho.listen(options, channel -> new ChannelHandler[] {new HttpServerCodec(config)}, answers);
    }

    @Sharable
    private static final class Answers extends ChannelInboundHandlerAdapter {
        private final DefaultHttpHeadersFactory headers;
        private AsciiString date = now();
        private boolean ticking;

        Answers(DefaultHttpHeadersFactory headers) {
            this.headers = headers;
        }

        private static AsciiString now() {
            return new AsciiString(HttpTexts.date());
        }

        @Override
        public void channelActive(ChannelHandlerContext context) {
            if (!ticking) {
                ticking = true;
                var _ = context.executor().scheduleAtFixedRate(() -> date = now(), 1, 1, TimeUnit.SECONDS);
            }
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            if (message instanceof HttpRequest request) {
                boolean json = request.uri().equals(HttpTexts.JSON_PATH);
                ByteBuf content = json ? Unpooled.wrappedBuffer(HttpTexts.json()) : TEXT.duplicate();
                var answer = new DefaultFullHttpResponse(
                        HttpVersion.HTTP_1_1,
                        HttpResponseStatus.OK,
                        content,
                        headers.newHeaders(),
                        EmptyHttpHeaders.INSTANCE);
                answer.headers()
                        .set(HttpHeaderNames.DATE, date)
                        .set(
                                HttpHeaderNames.CONTENT_TYPE,
                                json ? HttpHeaderValues.APPLICATION_JSON : HttpHeaderValues.TEXT_PLAIN)
                        .set(HttpHeaderNames.CONTENT_LENGTH, json ? JSON_LENGTH : TEXT_LENGTH);
                var _ = context.write(answer, context.voidPromise());
            }
            if (message != LastHttpContent.EMPTY_LAST_CONTENT) {
                ReferenceCountUtil.release(message);
            }
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext context) {
            context.flush();
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            var _ = context.close();
        }
    }
}
