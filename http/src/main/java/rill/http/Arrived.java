package rill.http;

import java.net.SocketAddress;
import java.util.Optional;
import rill.Connection;
import rill.Loop;
import rill.codec.proxy.ProxyInfo;

/** Where the requests of a connection come from. The address that a proxy in front of it gives for the client takes precedence. */
record Arrived(Connection<?, ?> connection) implements HttpRequest.Arrival {
    @Override
    public SocketAddress remoteAddress() {
        Optional<ProxyInfo> proxied = connection.info(ProxyInfo.class);
        return proxied.flatMap(info -> Optional.ofNullable(info.source())).orElseGet(connection::remoteAddress);
    }

    @Override
    public SocketAddress localAddress() {
        return connection.localAddress();
    }

    @Override
    public Loop loop() {
        return connection.loop();
    }

    @Override
    public <T> Optional<T> info(Class<T> type) {
        return connection.info(type);
    }
}
