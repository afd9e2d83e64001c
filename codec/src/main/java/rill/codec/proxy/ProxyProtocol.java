package rill.codec.proxy;

import java.net.SocketAddress;
import java.util.Objects;
import java.util.function.Predicate;
import rill.ByteLayer;

/**
 * The PROXY protocol of haproxy, which other proxies and load balancers speak as well: who passes a connection on says first who the client is,
 * and then everything that the client says. For both sides there is a byte layer, to be put beneath everything else:
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
     * The server's side: each connection begins with a header, in either version. Who is believed matters, since anybody can write one. So a peer
     * that is not trusted is refused at once, whatever it sends.
     *
     * @param trusted whose headers are believed, by the address of the peer; usually {@link AddressRanges}. Runs on the loop
     */
    public static ProxyProtocolServer server(Predicate<? super SocketAddress> trusted) {
        return ProxyProtocolServer.of(trusted);
    }

    /** The client's side: the connection begins with this header. Nothing is added to what is read. */
    public static ByteLayer client(ProxyInfo header) {
        Objects.requireNonNull(header, "header");
        return context -> new ProxyClientSession(header);
    }
}
