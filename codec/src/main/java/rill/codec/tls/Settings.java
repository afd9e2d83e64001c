package rill.codec.tls;

import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.List;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.TrustManager;

/**
 * Settings that both sides have.
 *
 * @param cipherSuites the allowed ones, the preferred one first; empty for the JDK's default
 * @param alpn names of the protocols above, the preferred one first
 */
record Settings(List<TlsVersion> versions, List<String> cipherSuites, List<String> alpn, Duration handshakeTimeout) {
    static final Settings DEFAULT =
            new Settings(List.of(TlsVersion.TLS_1_3, TlsVersion.TLS_1_2), List.of(), List.of(), Duration.ofSeconds(10));

    Settings {
        if (versions.isEmpty()) {
            throw new IllegalArgumentException("at least one version of TLS has to be spoken");
        }
        for (String name : alpn) {
            if (name.isEmpty() || name.length() > 255) {
                throw new IllegalArgumentException(
                        "a protocol's name has 1 to 255 bytes (RFC 7301, 3.1): \"" + name + "\"");
            }
        }
        if (!handshakeTimeout.isPositive()) {
            throw new IllegalArgumentException("a handshake takes some time: " + handshakeTimeout);
        }
    }

    Settings versions(TlsVersion... newVersions) {
        return new Settings(List.of(newVersions), cipherSuites, alpn, handshakeTimeout);
    }

    Settings cipherSuites(String... newCipherSuites) {
        requireKnown(newCipherSuites);
        return new Settings(versions, List.of(newCipherSuites), alpn, handshakeTimeout);
    }

    Settings alpn(String... newAlpn) {
        return new Settings(versions, cipherSuites, List.of(newAlpn), handshakeTimeout);
    }

    Settings handshakeTimeout(Duration newTimeout) {
        return new Settings(versions, cipherSuites, alpn, newTimeout);
    }

    /** Refuses unknown names here, since an engine would only fail in its first handshake. */
    private static void requireKnown(String[] names) {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(new KeyManager[0], new TrustManager[0], null);
            List<String> known = List.of(context.getSupportedSSLParameters().getCipherSuites());
            for (String name : names) {
                if (!known.contains(name)) {
                    throw new IllegalArgumentException(
                            "this JDK has no cipher suite \"" + name + "\"; it has " + String.join(", ", known));
                }
            }
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this JDK has no TLS: " + e.getMessage(), e);
        }
    }

    void applyTo(SSLParameters parameters) {
        parameters.setProtocols(versions.stream().map(version -> version.name).toArray(String[]::new));
        if (!cipherSuites.isEmpty()) {
            parameters.setCipherSuites(cipherSuites.toArray(String[]::new));
        }
        parameters.setApplicationProtocols(alpn.toArray(String[]::new));
    }
}
