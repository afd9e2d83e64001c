package rill.codec.tls;

import org.jspecify.annotations.Nullable;
import rill.ThrowingFunction;

/**
 * The entry point to TLS.
 *
 * <pre>{@code
 * Future<Client<Command, Reply>> redis = loop.connect("redis.example.org", 6380, Resp.client().over(Tls.client()));
 *
 * TlsServer tls = Tls.server(Identity.pem(Path.of("chain.pem"), Path.of("key.pem")));
 * loop.serve(address, Resp.server().over(tls), service);
 * }</pre>
 */
public final class Tls {
    private Tls() {}

    /**
     * The client's side, with TLS 1.3 and 1.2. It trusts the authorities that the JDK trusts, and requires a certificate for the host that was
     * connected to.
     */
    public static TlsClient client() {
        return TlsClient.DEFAULT;
    }

    /** The server's side, with TLS 1.3 and 1.2. It presents this identity to every client. */
    public static TlsServer server(Identity identity) {
        return TlsServer.of(identity);
    }

    /**
     * The server's side, with an identity for each name that clients ask for (SNI).
     *
     * @param byName maps a name in lower case, or null if the client asked for none ({@code Map.of(...)::get} does not accept null), to an identity.
     *     A client is refused if this returns null or throws. It runs for each handshake, off the loop, so it may read files. It should return the
     *     same object for the same name each time: a session is only resumed with the same object
     */
    public static TlsServer server(ThrowingFunction<@Nullable String, @Nullable Identity> byName) {
        return TlsServer.byName(byName);
    }
}
