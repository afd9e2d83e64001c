package rill.bench.program;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import rill.Loop;
import rill.http.websocket.WebSocket;
import rill.http.websocket.WebSocketMessage.Close;

/** An echo over WebSockets on Rill in its default configuration, on the transport in {@code -Drill.transport=NAME}. */
public final class RillWebSocket implements Server {
    /** Created by {@link ServerMain}. */
    public RillWebSocket() {}

    @Override
    public int listen(List<String> options) throws Exception {
        var any = new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0);
        Loop loop = RillLoop.open();
        loop.start(); // before anyone else drives it: uring keeps its first driver
        var listener = loop.listen(
                        any,
                        WebSocket.server(),
                        connection -> connection.onMessage(message -> {
                            if (!(message instanceof Close)) {
                                connection.write(message);
                            }
                        }))
                .await();
        return listener.port();
    }
}
