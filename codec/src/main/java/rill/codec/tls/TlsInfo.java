package rill.codec.tls;

import java.security.cert.X509Certificate;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a handshake has agreed on: {@code connection.info(TlsInfo.class)}, from the end of the handshake on.
 *
 * @param version of TLS
 * @param cipherSuite in the words of RFC 8446, such as {@code TLS_AES_256_GCM_SHA384}
 * @param applicationProtocol what both have chosen by ALPN, or null
 * @param serverName the name that the client has asked for, or null if for none
 * @param peerCertificates the peer's own certificate first; empty if it has shown none. On a server that merely wants one, and on a client that
 *     trusts anybody, nothing follows from them
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
