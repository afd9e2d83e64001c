package rill.bench.program;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import rill.Loop;
import rill.Pipeline;

/** Rill as it comes; {@code -Drill.transport=NAME} says on what. */
public final class RillEcho implements EchoServer {
    /** Made by {@link EchoMain}. */
    public RillEcho() {}

    @Override
    public int listen(List<String> options) throws Exception {
        var any = new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0);
        Loop loop = RillLoop.open();
        var listening = loop.listen(any, Pipeline.bytes(), connection -> connection.onMessage(connection::write))
                .await();
        loop.start();
        return ((InetSocketAddress) listening.address()).getPort();
    }
}
