package rill.codec.tls;

import io.netty.buffer.ByteBuf;
import java.net.IDN;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;
import rill.ByteLayer;
import rill.Context;
import rill.Session;

/**
 * The client's side of TLS. Immutable; each method returns a changed copy. One object serves any number of connections and holds the sessions that
 * can be resumed, so keep it rather than making one for each connection.
 *
 * <p>The host passed to {@code connect} is the one that the server is asked for (SNI) and that its certificate must be for. If the target is not a
 * host (a Unix domain socket), or another host is meant, set it with {@link #hostName}.
 *
 * <p>{@code connect} is done when the handshake is, and fails with a {@link TlsException} if the handshake does. In TLS 1.3, the server may refuse
 * the client's certificate after the handshake is complete for the client: then the connection fails soon after.
 */
public final class TlsClient implements ByteLayer {
    static final TlsClient DEFAULT =
            new TlsClient(Settings.DEFAULT, new LazyContext(null, Verifier::byDefault), null, false, false);

    private final Settings settings;
    private final LazyContext context;
    private final @Nullable String host;
    private final boolean anybody;
    private final boolean ignoreHost;

    private TlsClient(
            Settings settings, LazyContext context, @Nullable String host, boolean anybody, boolean ignoreHost) {
        this.settings = settings;
        this.context = context;
        this.host = host;
        this.anybody = anybody;
        this.ignoreHost = ignoreHost;
    }

    private boolean checksHost() {
        return !anybody && !ignoreHost;
    }

    // ---- trust

    /** Trusts these authorities, or these very certificates, and no others. The host is still checked. See {@link Pem}. */
    public TlsClient trust(List<X509Certificate> roots) {
        List<X509Certificate> copy = Trust.notEmpty(roots);
        return new TlsClient(settings, context.trusting(() -> Verifier.byRoots(copy)), host, false, ignoreHost);
    }

    /**
     * Trusts what this trust manager trusts, whatever its type. The host is still checked, in addition. The manager is called off the loop and may
     * block, within the handshake's timeout.
     */
    public TlsClient trust(X509TrustManager manager) {
        Objects.requireNonNull(manager, "manager");
        return new TlsClient(settings, context.trusting(() -> Verifier.by(manager)), host, false, ignoreHost);
    }

    /** Trusts every peer and checks nothing: a man in the middle can read and change everything. For tests. */
    public TlsClient insecurelyTrustAnybody() {
        return new TlsClient(settings, context.trusting(Verifier::byNobody), host, true, ignoreHost);
    }

    /**
     * Does not check which host a certificate is for: anyone with a certificate of a trusted authority can pose as the server. For private
     * authorities that certify nobody else.
     */
    public TlsClient insecurelyIgnoreHostName() {
        return new TlsClient(settings, context, host, anybody, true);
    }

    // ---- identity and requests

    /** Presents this identity to servers that ask for a certificate (mutual TLS). */
    public TlsClient identity(Identity identity) {
        return new TlsClient(
                settings, context.showing(Objects.requireNonNull(identity, "identity")), host, anybody, ignoreHost);
    }

    /** Asks for this host, a name or an address, and requires its certificate, whatever host was connected to. */
    public TlsClient hostName(String newHost) {
        if (newHost.isEmpty()
                || newHost.chars().anyMatch(c -> c <= ' ' || c == '/')
                || (newHost.indexOf(':') >= 0 && !isAddress(unwrapped(newHost)))) {
            throw new IllegalArgumentException(
                    "\"" + newHost + "\" is no host: give a name or an address, without a scheme and without a port");
        }
        return new TlsClient(settings, context, newHost, anybody, ignoreHost);
    }

    /** Offers these protocols (ALPN), the preferred one first. {@link TlsInfo} has the server's choice, or null if it made none. */
    public TlsClient alpn(String... protocols) {
        return with(settings.alpn(protocols));
    }

    /** Allows only these versions. */
    public TlsClient versions(TlsVersion... versions) {
        return with(settings.versions(versions));
    }

    /** Allows only these cipher suites, by the JDK's names, the preferred one first. Names that the JDK does not know are refused. */
    public TlsClient cipherSuites(String... names) {
        return with(settings.cipherSuites(names));
    }

    /** Limits the duration of a handshake; ten seconds by default. The deadline of {@code connect} applies as well. */
    public TlsClient handshakeTimeout(Duration timeout) {
        return with(settings.handshakeTimeout(timeout));
    }

    private TlsClient with(Settings newSettings) {
        return new TlsClient(newSettings, context, host, anybody, ignoreHost);
    }

    // ---- connections

    @Override
    public Session<ByteBuf, ByteBuf> open(Context connection) {
        String wanted = host != null ? host : hostOf(connection);
        return new TlsSession(
                connection,
                new OneEngine(connection, wanted),
                settings.handshakeTimeout(),
                true,
                inWords(wanted, connection));
    }

    /** Names the peer, for people: the host and the port, if there are any. */
    private static String inWords(@Nullable String host, Context connection) {
        SocketAddress target = connection.target();
        if (host == null) {
            return String.valueOf(target == null ? connection.remoteAddress() : target);
        }
        String shown = host.indexOf(':') >= 0 && !host.startsWith("[") ? "[" + host + "]" : host;
        return target instanceof InetSocketAddress inet ? shown + ":" + inet.getPort() : shown;
    }

    private static @Nullable String hostOf(Context connection) {
        return connection.target() instanceof InetSocketAddress inet ? inet.getHostString() : null;
    }

    @Override
    public String toString() {
        return "TlsClient[" + (host == null ? "the host that is connected to" : host)
                + (anybody ? ", insecure: trusts anybody" : ignoreHost ? ", insecure: ignores the host's name" : "")
                + ", "
                + settings + "]";
    }

    private final class OneEngine implements Engines {
        private final @Nullable SocketAddress target;
        private final LazyContext.@Nullable Seeded simulation;
        private final @Nullable String wanted;

        OneEngine(Context connection, @Nullable String wanted) {
            this.target = connection.target();
            this.simulation = LazyContext.Seeded.of(connection);
            this.wanted = wanted;
        }

        @Override
        public boolean isQuick() {
            return context.isQuick(simulation);
        }

        @Override
        public boolean needName() {
            return false;
        }

        @Override
        public SSLEngine make(@Nullable String unused) throws TlsException, GeneralSecurityException {
            if (wanted == null && checksHost()) {
                throw new TlsException(
                        "TLS with " + target
                                + ": that is no host that a certificate could be for; name the one that"
                                + " is meant with hostName(...)",
                        null,
                        false,
                        null);
            }
            String asked = wanted == null ? null : plainHost(wanted);
            int port = target instanceof InetSocketAddress inet ? inet.getPort() : -1;
            SSLEngine engine = context.get(simulation).createSSLEngine(asked, port);
            engine.setUseClientMode(true);
            SSLParameters parameters = engine.getSSLParameters();
            settings.applyTo(parameters);
            parameters.setEndpointIdentificationAlgorithm(checksHost() ? "HTTPS" : null);
            if (asked != null && !isAddress(asked)) {
                SNIHostName name = serverName(asked);
                if (name != null) {
                    parameters.setServerNames(List.of(name));
                }
            }
            engine.setSSLParameters(parameters);
            return engine;
        }

        /** Returns null for an invalid name (with an underscore, say) if the host is not checked. */
        private @Nullable SNIHostName serverName(String asked) throws TlsException {
            try {
                return new SNIHostName(asked);
            } catch (IllegalArgumentException e) {
                if (!checksHost()) {
                    return null;
                }
                throw new TlsException(
                        "TLS with " + wanted + ": that is no name of a host that a certificate could be for: "
                                + e.getMessage(),
                        null,
                        false,
                        e);
            }
        }
    }

    /** Removes the brackets of an address, and its zone. */
    private static String unwrapped(String host) {
        String plain = host.startsWith("[") && host.endsWith("]") ? host.substring(1, host.length() - 1) : host;
        int zone = plain.indexOf('%');
        return zone >= 0 && plain.indexOf(':') >= 0 ? plain.substring(0, zone) : plain;
    }

    /** The form that certificates use; also without the root's trailing dot. */
    private static String plainHost(String host) throws TlsException {
        String plain = unwrapped(host);
        if (plain.endsWith(".")) {
            plain = plain.substring(0, plain.length() - 1);
        }
        try {
            return isAddress(plain) ? plain : IDN.toASCII(plain);
        } catch (IllegalArgumentException e) {
            throw new TlsException(
                    "TLS with " + host + ": that is no name of a host: " + e.getMessage(), null, false, e);
        }
    }

    static boolean isAddress(String host) {
        try {
            InetAddress.ofLiteral(host);
            return true;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }
}
