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
 * TLS, the client's side. Immutable, each method gives a changed copy; one object serves any number of connections, and has the sessions that
 * can be resumed: keep it, rather than make it anew for each.
 *
 * <p>The host that was given to {@code connect} is the one that the server is asked for (SNI), and the one that its certificate has to be for. Where
 * that is no host (a Unix domain socket), or another one is meant, {@link #hostName} says which.
 *
 * <p>{@code connect} is done when the handshake is, and fails with a {@link TlsException} if that does. In TLS 1.3 the server may refuse the client's
 * certificate when the client thinks the handshake is done: then the connection fails soon after.
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

    // ---- whom to trust

    /** Trusts these authorities, or these very certificates, and no others; the host is checked as before. See {@link Pem}. */
    public TlsClient trust(List<X509Certificate> roots) {
        List<X509Certificate> copy = Trust.notEmpty(roots);
        return new TlsClient(settings, context.trusting(() -> Verifier.byRoots(copy)), host, false, ignoreHost);
    }

    /**
     * Trusts whom this trust manager trusts, whatever kind of trust manager it is; the host is checked as before, in addition. It is asked off the loop,
     * and may take its time within the handshake's.
     */
    public TlsClient trust(X509TrustManager manager) {
        Objects.requireNonNull(manager, "manager");
        return new TlsClient(settings, context.trusting(() -> Verifier.by(manager)), host, false, ignoreHost);
    }

    /** Trusts anybody, checks nothing: whoever sits in between can read and change everything. For tests. */
    public TlsClient insecurelyTrustAnybody() {
        return new TlsClient(settings, context.trusting(Verifier::byNobody), host, true, ignoreHost);
    }

    /**
     * Does not check whom a certificate is for: everybody who has any certificate of a trusted authority can pose as the server. For authorities
     * of one's own that certify nobody else.
     */
    public TlsClient insecurelyIgnoreHostName() {
        return new TlsClient(settings, context, host, anybody, true);
    }

    // ---- who we are, and what we want

    /** Shows this certificate to servers that ask for one (mutual TLS). */
    public TlsClient identity(Identity identity) {
        return new TlsClient(
                settings, context.showing(Objects.requireNonNull(identity, "identity")), host, anybody, ignoreHost);
    }

    /** Asks for this host, and wants its certificate, whatever was connected to: a name, or an address. */
    public TlsClient hostName(String newHost) {
        if (newHost.isEmpty()
                || newHost.chars().anyMatch(c -> c <= ' ' || c == '/')
                || (newHost.indexOf(':') >= 0 && !isAddress(unwrapped(newHost)))) {
            throw new IllegalArgumentException(
                    "\"" + newHost + "\" is no host: give a name or an address, without a scheme and without a port");
        }
        return new TlsClient(settings, context, newHost, anybody, ignoreHost);
    }

    /** Offers these protocols (ALPN), the preferred first. Which one the server has chosen is in {@link TlsInfo}, null if it has not. */
    public TlsClient alpn(String... protocols) {
        return with(settings.alpn(protocols));
    }

    /** Speaks these versions alone. */
    public TlsClient versions(TlsVersion... versions) {
        return with(settings.versions(versions));
    }

    /** Uses these cipher suites alone, by the JDK's names; the preferred first. Refuses names that the JDK has not. */
    public TlsClient cipherSuites(String... names) {
        return with(settings.cipherSuites(names));
    }

    /** How long a handshake may take; ten seconds unless said otherwise. The deadline of {@code connect} holds as well. */
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

    /** With whom, for people: a host, if there is one, and the port, if there is one. */
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

        /** Null for what is no name by the rules (with an underscore, say), as long as nobody checks it. */
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

    /** Without the brackets of an address, and its zone. */
    private static String unwrapped(String host) {
        String plain = host.startsWith("[") && host.endsWith("]") ? host.substring(1, host.length() - 1) : host;
        int zone = plain.indexOf('%');
        return zone >= 0 && plain.indexOf(':') >= 0 ? plain.substring(0, zone) : plain;
    }

    /** As certificates have it: without the dot of the root, too. */
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
