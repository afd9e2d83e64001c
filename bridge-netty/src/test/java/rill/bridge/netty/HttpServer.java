package rill.bridge.netty;

import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpVersion;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import rill.Future;
import rill.Listener;
import rill.Loop;
import rill.Pipeline;

/** The final program of docs/from-netty.md. */
final class HttpServer {
    private HttpServer() {}

    static Future<Listener> serve(Loop loop, SocketAddress address) {
        NettyHandlers http = NettyHandlers.of(
                handlers -> handlers.addLast(new HttpServerCodec(), new HttpObjectAggregator(1 << 20)));
        return loop.serve(
                address, Pipeline.of(http.codec(FullHttpRequest.class, FullHttpResponse.class)), HttpServer::answer);
    }

    private static Future<FullHttpResponse> answer(FullHttpRequest request) {
        String text = request.method() + " " + request.uri() + ", "
                + request.content().readableBytes() + " bytes\n";
        request.release();
        var response = new DefaultFullHttpResponse(
                HttpVersion.HTTP_1_1, HttpResponseStatus.OK, Unpooled.copiedBuffer(text, StandardCharsets.US_ASCII));
        response.headers()
                .setInt(HttpHeaderNames.CONTENT_LENGTH, response.content().readableBytes());
        return Future.of(response);
    }
}
