package rill.bench.program;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import rill.Loop;
import rill.http.websocket.WebSocket;
import rill.http.websocket.WebSocketMessage.Close;

/** A WebSocket echo on Rill with default settings, on the transport that {@code -Drill.transport=NAME} names. */
public final class RillWebSocket implements Server {
    /** Made by {@link ServerMain}. */
    public RillWebSocket() {}

    @Override
    public int listen(List<String> options) throws Exception {
        var any = new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0);
        Loop loop = RillLoop.open();
        loop.start(); // before anybody drives it: uring keeps its first driver
        var listener = loop.listen(
                        any,
                        WebSocket.server(),
                        connection -> connection.onMessage(message -> {
                            if (!(message instanceof Close)) {
                                connection.write(message);
                            }
                        }))
                .await();
        return ((InetSocketAddress) listener.address()).getPort();
    }
}
