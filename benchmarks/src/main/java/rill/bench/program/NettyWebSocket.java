package rill.bench.program;

import io.netty.channel.ChannelHandler;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.websocketx.WebSocketServerProtocolHandler;
import java.util.List;

/** An echo of WebSocket frames, as {@link NettyEcho} echoes bytes. Options: the transport and the allocator; see {@link NettyLoops}. */
public final class NettyWebSocket implements Server {
    private static final int MOST = 64 * 1024;

    /** Created by {@link ServerMain}. */
    public NettyWebSocket() {}

    @Override
    public int listen(List<String> options) throws Exception {
        return NettyEcho.listen(options, channel -> new ChannelHandler[] {
            new HttpServerCodec(),
            new HttpObjectAggregator(MOST),
            new WebSocketServerProtocolHandler("/", null, false, MOST)
        });
    }
}
