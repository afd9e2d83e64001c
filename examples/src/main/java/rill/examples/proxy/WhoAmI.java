package rill.examples.proxy;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import rill.ByteLayer;
import rill.ConnectOptions;
import rill.Connection;
import rill.Future;
import rill.Listener;
import rill.Loop;
import rill.Pipeline;
import rill.Proxy;
import rill.codec.Lines;
import rill.codec.Text;
import rill.codec.proxy.AddressRanges;
import rill.codec.proxy.ProxyInfo;
import rill.codec.proxy.ProxyProtocol;
import rill.codec.proxy.Socks5;

/**
 * A server behind a load balancer that answers each line with the address of its client; clients of it, and a load balancer's own connection to it.
 */
final class WhoAmI {
    private static final Pipeline<String, String> LINES = Pipeline.of(Lines.of().with(Text.utf8()));

    private WhoAmI() {}

    /** The proxy through which connections leave the local network. */
    static Proxy proxy() {
        return Socks5.at(InetSocketAddress.createUnresolved("proxy.example", 1080))
                .user("me", "secret");
    }

    static Future<Connection<String, String>> connect(Loop loop, SocketAddress target, Proxy proxy) {
        return loop.connect(target, LINES, ConnectOptions.defaults().proxy(proxy));
    }

    static Future<Listener> serve(Loop loop, SocketAddress address) {
        ByteLayer header = ProxyProtocol.server(AddressRanges.of("10.0.0.0/8", "127.0.0.1"));
        return loop.listen(
                address,
                LINES.over(header),
                connection -> connection.onMessage(
                        line -> connection.write("you are " + client(connection)), connection::close));
    }

    /** Returns the address of the load balancer's client, or of the load balancer itself when it checks the server's health. */
    private static SocketAddress client(Connection<?, ?> connection) {
        return connection.info(ProxyInfo.class).map(ProxyInfo::source).orElse(connection.remoteAddress());
    }

    static Future<Connection<String, String>> onBehalfOf(Loop loop, SocketAddress client, SocketAddress address) {
        ByteLayer header = ProxyProtocol.client(ProxyInfo.v2(client, address).authority("who.example"));
        return loop.connect(address, LINES.over(header));
    }
}
