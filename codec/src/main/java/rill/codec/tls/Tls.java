package rill.codec.tls;

import org.jspecify.annotations.Nullable;
import rill.ThrowingFunction;

/**
 * Where TLS begins.
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
     * The client's side: trusts whom the JDK trusts, and nobody whose certificate is not for the host that was connected to; TLS 1.3 and 1.2.
     */
    public static TlsClient client() {
        return TlsClient.DEFAULT;
    }

    /** The server's side, which shows this identity to everybody; TLS 1.3 and 1.2. */
    public static TlsServer server(Identity identity) {
        return TlsServer.of(identity);
    }

    /**
     * The server's side, with an identity for each name that clients ask for (SNI).
     *
     * @param byName given a name in lower case, or null if the client has asked for none (which {@code Map.of(...)::get} does not bear); gives null for
     *     one that there is not, which is refused, as is everybody for whom it throws.
     *     It runs for each handshake, not on the loop: it may read files. What it gives it is to give again for the same name, since sessions are
     *     resumed with the same object only
     */
    public static TlsServer server(ThrowingFunction<@Nullable String, @Nullable Identity> byName) {
        return TlsServer.byName(byName);
    }
}
