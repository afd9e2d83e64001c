package rill.transport.nio;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import rill.spi.Selector;
import rill.spi.SocketOptions;
import rill.testing.UnderTest;

/** Uses an IPv6 address in a JVM without IPv6. */
final class NoIpv6Main {
    private NoIpv6Main() {}

    public static void main(String[] arguments) throws Exception {
        ByteBuf receive = Unpooled.directBuffer(16 * 1024, 16 * 1024);
        Selector selector = UnderTest.transport().open(receive::clear);
        var address = new InetSocketAddress(InetAddress.ofLiteral("::1"), 1);
        var events = new Events();
        selector.connect(address, null, SocketOptions.none(), events);
        while (!events.closed) {
            selector.select(10_000_000);
        }
        System.out.println("CONNECT " + events.cause);
        try {
            selector.listen(address, 0, SocketOptions.none(), new Accepting());
            System.out.println("LISTEN went well");
        } catch (IOException e) {
            System.out.println("LISTEN " + e);
        }
        selector.close();
        receive.release();
    }
}
