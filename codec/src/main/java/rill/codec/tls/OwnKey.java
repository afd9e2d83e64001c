package rill.codec.tls;

import java.net.Socket;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;

/**
 * The one key of a side. It is presented whenever the peer supports its algorithm. The peer's list of trusted issuers is ignored: a refusal by the
 * peer says more than a handshake without a certificate.
 */
final class OwnKey extends X509ExtendedKeyManager {
    private static final String ALIAS = "own";

    private final PrivateKey key;
    private final X509Certificate[] chain;

    OwnKey(Identity identity) {
        key = identity.key();
        chain = identity.chain().toArray(new X509Certificate[0]);
    }

    private @Nullable String aliasFor(String... kinds) {
        String kind = chain[0].getPublicKey().getAlgorithm();
        return Arrays.asList(kinds).contains(kind) ? ALIAS : null;
    }

    @Override
    public @Nullable String chooseEngineServerAlias(String kind, Principal @Nullable [] issuers, SSLEngine engine) {
        return aliasFor(kind);
    }

    @Override
    public @Nullable String chooseEngineClientAlias(String[] kinds, Principal @Nullable [] issuers, SSLEngine engine) {
        return aliasFor(kinds);
    }

    @Override
    public X509Certificate @Nullable [] getCertificateChain(String alias) {
        return alias.equals(ALIAS) ? chain.clone() : null;
    }

    @Override
    public @Nullable PrivateKey getPrivateKey(String alias) {
        return alias.equals(ALIAS) ? key : null;
    }

    // ---- for sockets, which are never used

    @Override
    public String @Nullable [] getClientAliases(String kind, Principal @Nullable [] issuers) {
        return null;
    }

    @Override
    public @Nullable String chooseClientAlias(String[] kinds, Principal @Nullable [] issuers, @Nullable Socket socket) {
        return null;
    }

    @Override
    public String @Nullable [] getServerAliases(String kind, Principal @Nullable [] issuers) {
        return null;
    }

    @Override
    public @Nullable String chooseServerAlias(String kind, Principal @Nullable [] issuers, @Nullable Socket socket) {
        return null;
    }
}
