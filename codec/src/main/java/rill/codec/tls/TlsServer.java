package rill.codec.tls;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.WeakHashMap;
import javax.net.ssl.SNIMatcher;
import javax.net.ssl.SNIServerName;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.StandardConstants;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;
import rill.ByteLayer;
import rill.Context;
import rill.Session;
import rill.ThrowingFunction;

/**
 * The server's side of TLS. Immutable; each method returns a changed copy. One object serves any number of connections.
 *
 * <p>It refuses versions before 1.2, renegotiation (which only 1.2 has), names without an identity, and anything that does not begin as TLS does.
 */
public final class TlsServer implements ByteLayer {
    private final Settings settings;
    private final Certificates certificates;
    private final ClientCertificate clientCertificate;

    /** Whether clients are asked for a certificate. */
    private enum ClientCertificate {
        NOT_ASKED_FOR,
        WANTED,
        REQUIRED
    }

    /** Chooses the certificates for a client. */
    private interface Certificates {
        boolean needName();

        boolean isQuick(LazyContext.@Nullable Seeded simulation);

        /** Returns null if there are none for this name. */
        @Nullable
        LazyContext of(@Nullable String name) throws TlsException;

        Certificates trusting(LazyContext.TrustSource trust);
    }

    private TlsServer(Settings settings, Certificates certificates, ClientCertificate clientCertificate) {
        this.settings = settings;
        this.certificates = certificates;
        this.clientCertificate = clientCertificate;
    }

    static TlsServer of(Identity identity) {
        return new TlsServer(
                Settings.DEFAULT,
                new One(new LazyContext(new OwnKey(Objects.requireNonNull(identity, "identity")), LazyContext.NOBODY)),
                ClientCertificate.NOT_ASKED_FOR);
    }

    static TlsServer byName(ThrowingFunction<@Nullable String, @Nullable Identity> byName) {
        return new TlsServer(
                Settings.DEFAULT,
                new ByName(Objects.requireNonNull(byName, "byName"), LazyContext.NOBODY),
                ClientCertificate.NOT_ASKED_FOR);
    }

    /** The same for every client. */
    private record One(LazyContext context) implements Certificates {
        @Override
        public boolean needName() {
            return false;
        }

        @Override
        public boolean isQuick(LazyContext.@Nullable Seeded simulation) {
            return context.isQuick(simulation);
        }

        @Override
        public LazyContext of(@Nullable String name) {
            return context;
        }

        @Override
        public Certificates trusting(LazyContext.TrustSource trust) {
            return new One(context.trusting(trust));
        }
    }

    /** Chosen by the user's function. An identity that the user no longer references is dropped here as well, with its sessions. */
    private static final class ByName implements Certificates {
        private final ThrowingFunction<@Nullable String, @Nullable Identity> byName;
        private final LazyContext.TrustSource trust;
        private final Map<Identity, LazyContext> contexts = Collections.synchronizedMap(new WeakHashMap<>());

        ByName(ThrowingFunction<@Nullable String, @Nullable Identity> byName, LazyContext.TrustSource trust) {
            this.byName = byName;
            this.trust = trust;
        }

        @Override
        public boolean needName() {
            return true;
        }

        @Override
        public boolean isQuick(LazyContext.@Nullable Seeded simulation) {
            return false; // the user's function must not run on the loop
        }

        @Override
        public @Nullable LazyContext of(@Nullable String name) throws TlsException {
            Identity identity;
            try {
                identity = byName.apply(name);
            } catch (Exception e) {
                throw new TlsException(
                        "the function that gives identities has thrown for "
                                + (name == null ? "a client that asks for no name" : "the name " + name) + ": " + e,
                        "internal_error",
                        false,
                        e);
            }
            return identity == null
                    ? null
                    : contexts.computeIfAbsent(identity, its -> new LazyContext(new OwnKey(its), trust));
        }

        @Override
        public Certificates trusting(LazyContext.TrustSource newTrust) {
            return new ByName(byName, newTrust);
        }
    }

    // ---- client certificates

    /** Refuses clients that don't present a certificate issued by these authorities (mutual TLS). See {@link TlsInfo#peerCertificates}. */
    public TlsServer requireClientCertificate(List<X509Certificate> roots) {
        return asking(ClientCertificate.REQUIRED, roots);
    }

    /** Likewise, with a trust manager, which is called off the loop. */
    public TlsServer requireClientCertificate(X509TrustManager manager) {
        return asking(ClientCertificate.REQUIRED, manager);
    }

    /** Asks clients for a certificate issued by these authorities. Clients without one are accepted; an invalid one is refused. */
    public TlsServer wantClientCertificate(List<X509Certificate> roots) {
        return asking(ClientCertificate.WANTED, roots);
    }

    /** Likewise, with a trust manager, which is called off the loop. */
    public TlsServer wantClientCertificate(X509TrustManager manager) {
        return asking(ClientCertificate.WANTED, manager);
    }

    private TlsServer asking(ClientCertificate how, List<X509Certificate> roots) {
        List<X509Certificate> copy = Trust.notEmpty(roots);
        return new TlsServer(settings, certificates.trusting(() -> Verifier.byRoots(copy)), how);
    }

    private TlsServer asking(ClientCertificate how, X509TrustManager manager) {
        Objects.requireNonNull(manager, "manager");
        return new TlsServer(settings, certificates.trusting(() -> Verifier.by(manager)), how);
    }

    // ---- protocol

    /**
     * Accepts these protocols above (ALPN), the preferred one first. A client that offers none gets a connection without one; a client that offers
     * only others is refused. {@link TlsInfo} has the chosen one.
     */
    public TlsServer alpn(String... protocols) {
        return with(settings.alpn(protocols));
    }

    /** Allows only these versions. */
    public TlsServer versions(TlsVersion... versions) {
        return with(settings.versions(versions));
    }

    /** Allows only these cipher suites, by the JDK's names, the preferred one first. Names that the JDK does not know are refused. */
    public TlsServer cipherSuites(String... names) {
        return with(settings.cipherSuites(names));
    }

    /** Limits the duration of a handshake; ten seconds by default. */
    public TlsServer handshakeTimeout(Duration timeout) {
        return with(settings.handshakeTimeout(timeout));
    }

    private TlsServer with(Settings newSettings) {
        return new TlsServer(newSettings, certificates, clientCertificate);
    }

    // ---- connections

    private static final String ANY_NAME = "";

    /**
     * Holds the engine to the name that the certificate was chosen for, when it reads the name again and when a session is resumed: a session that
     * began with another name is not resumed.
     */
    private static final class Named extends SNIMatcher {
        private final @Nullable String name;

        Named(@Nullable String name) {
            super(StandardConstants.SNI_HOST_NAME);
            this.name = name;
        }

        @Override
        public boolean matches(SNIServerName asked) {
            return ANY_NAME.equals(name)
                    || new String(asked.getEncoded(), StandardCharsets.US_ASCII).equalsIgnoreCase(name);
        }
    }

    @Override
    public Session<ByteBuf, ByteBuf> open(Context connection) {
        return new TlsSession(
                connection,
                new OneEngine(connection),
                settings.handshakeTimeout(),
                false,
                String.valueOf(connection.remoteAddress()));
    }

    @Override
    public String toString() {
        return "TlsServer[client certificates " + clientCertificate + ", " + settings + "]";
    }

    private final class OneEngine implements Engines {
        private final LazyContext.@Nullable Seeded simulation;

        OneEngine(Context connection) {
            this.simulation = LazyContext.Seeded.of(connection);
        }

        @Override
        public boolean isQuick() {
            return certificates.isQuick(simulation);
        }

        @Override
        public boolean needName() {
            return certificates.needName();
        }

        @Override
        public @Nullable SSLEngine make(@Nullable String name) throws TlsException, GeneralSecurityException {
            LazyContext context = certificates.of(name);
            if (context == null) {
                return null;
            }
            SSLEngine engine = context.get(simulation).createSSLEngine();
            engine.setUseClientMode(false);
            SSLParameters parameters = engine.getSSLParameters();
            settings.applyTo(parameters);
            parameters.setUseCipherSuitesOrder(true);
            parameters.setSNIMatchers(List.of(new Named(needName() ? name : ANY_NAME)));
            if (clientCertificate == ClientCertificate.REQUIRED) {
                parameters.setNeedClientAuth(true);
            } else {
                parameters.setWantClientAuth(clientCertificate == ClientCertificate.WANTED);
            }
            engine.setSSLParameters(parameters);
            return engine;
        }
    }
}
