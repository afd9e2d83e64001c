package rill.bench.program;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import rill.Loop;
import rill.Pipeline;
import rill.codec.tls.Identity;
import rill.codec.tls.Tls;

/** Rill over TLS in its default configuration, on the transport in {@code -Drill.transport=NAME}. */
public final class RillTlsEcho implements Server {
    /** Created by {@link ServerMain}. */
    public RillTlsEcho() {}

    @Override
    public int listen(List<String> options) throws Exception {
        var any = new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0);
        ServerKey key = ServerKey.load();
        var tls = Tls.server(Identity.of(key.key(), key.chain()));
        Loop loop = RillLoop.open();
        loop.start(); // before anyone else drives it: uring keeps its first driver
        var listening = loop.listen(
                        any, Pipeline.bytes().over(tls), connection -> connection.onMessage(connection::write))
                .await();
        return listening.port();
    }
}
