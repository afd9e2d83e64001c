package rill.codec.proxy;

import java.net.SocketAddress;
import java.util.Objects;
import java.util.function.Predicate;
import rill.ByteLayer;

/**
 * The PROXY protocol of haproxy, which other proxies and load balancers speak as well. A proxy that passes on a connection first says who the client
 * is, then relays what the client sends. Each side has a byte layer, which belongs beneath all other layers:
 *
 * <pre>{@code
 * loop.listen(address, pipeline.over(ProxyProtocol.server(AddressRanges.of("10.0.0.0/8"))), …)
 * loop.connect(address, pipeline.over(ProxyProtocol.client(ProxyInfo.v2(client, ours))))
 * }</pre>
 *
 * <p><b>Source:</b> The PROXY protocol, versions 1 and 2 (haproxy, doc/proxy-protocol.txt).
 */
public final class ProxyProtocol {
    private ProxyProtocol() {}

    /**
     * The server's side: each connection begins with a header of either version. Anybody can write a header, so it matters who is trusted. An
     * untrusted peer is refused at once, whatever it sends.
     *
     * @param trusted tests the address of a peer: whether to believe its headers; usually {@link AddressRanges}. Runs on the loop
     */
    public static ProxyProtocolServer server(Predicate<? super SocketAddress> trusted) {
        return ProxyProtocolServer.of(trusted);
    }

    /** The client's side: the connection begins with this header. Received bytes are passed on unchanged. */
    public static ByteLayer client(ProxyInfo header) {
        Objects.requireNonNull(header, "header");
        return context -> new ProxyClientSession(header);
    }
}
