package rill.codec.tls;

import java.security.cert.X509Certificate;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The result of a handshake: {@code connection.info(TlsInfo.class)}, available once the handshake is complete.
 *
 * <p><b>Not guaranteed:</b> the set of components: later versions may add some. Read them by name, and leave it to Rill to make such a record.
 *
 * @param version the version of TLS
 * @param cipherSuite named as in RFC 8446, such as {@code TLS_AES_256_GCM_SHA384}
 * @param applicationProtocol the protocol that ALPN chose, or null
 * @param serverName the name that the client asked for, or null if it asked for none
 * @param peerCertificates the peer's own certificate first; empty if it presented none, which a server that merely wants one allows. On a client that
 *     trusts anybody, they were not verified and prove nothing
 */
public record TlsInfo(
        TlsVersion version,
        String cipherSuite,
        @Nullable String applicationProtocol,
        @Nullable String serverName,
        List<X509Certificate> peerCertificates) {
    public TlsInfo {
        peerCertificates = List.copyOf(peerCertificates);
    }
}
