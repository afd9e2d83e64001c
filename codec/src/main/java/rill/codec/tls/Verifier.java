package rill.codec.tls;

import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.KeyStoreException;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertPathValidatorException.BasicReason;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;

/**
 * Decides whether to trust a peer's certificates, and explains in words why not.
 *
 * <p>The decision is made by the JDK, or by the user's trust manager. With the latter, this class also checks that the certificate is for the host
 * that was connected to: a custom trust manager that is passed directly to the JDK's engine may silently lose that check.
 *
 * <p><b>Threading:</b> any; never the loop.
 */
final class Verifier extends X509ExtendedTrustManager {
    /** Kinds of GeneralName: RFC 5280, section 4.2.1.6. */
    private static final Set<Integer> NAMES = Set.of(2);

    private static final Set<Integer> NAMES_AND_ADDRESSES = Set.of(2, 7);

    private final X509TrustManager decider;
    private final boolean checksHost; // whether the decider checks the host itself

    private Verifier(X509TrustManager decider, boolean checksHost) {
        this.decider = decider;
        this.checksHost = checksHost;
    }

    /** The peer is not trusted; the message is for people. */
    static final class Untrusted extends CertificateException {
        Untrusted(String message, @Nullable Throwable cause) {
            super(message, cause);
        }
    }

    /** Trusts what the JDK trusts. */
    static Verifier byDefault() throws GeneralSecurityException {
        return new Verifier(pkix(null), true);
    }

    /** Trusts these authorities, or these very certificates. */
    static Verifier byRoots(List<X509Certificate> roots) throws GeneralSecurityException {
        return new Verifier(pkix(roots), true);
    }

    /**
     * Trusts what the user's trust manager trusts. One that does not support engines is returned as it is: then the JDK, in addition, checks the host
     * and the strength of algorithms.
     */
    static X509TrustManager by(X509TrustManager own) {
        return own instanceof X509ExtendedTrustManager ? new Verifier(own, false) : own;
    }

    /** Trusts every peer. */
    static Verifier byNobody() {
        return new Verifier(new Trust.Anybody(), false);
    }

    private static X509ExtendedTrustManager pkix(@Nullable List<X509Certificate> roots)
            throws GeneralSecurityException {
        TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
        factory.init(roots == null ? null : storeOf(roots));
        for (TrustManager manager : factory.getTrustManagers()) {
            if (manager instanceof X509ExtendedTrustManager found) {
                return found;
            }
        }
        throw new KeyStoreException("this JVM has no trust manager of the kind PKIX");
    }

    private static KeyStore storeOf(List<X509Certificate> roots) throws GeneralSecurityException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        try {
            store.load(null, null);
        } catch (java.io.IOException e) {
            throw new KeyStoreException("an empty store can't be made", e);
        }
        for (int i = 0; i < roots.size(); i++) {
            store.setCertificateEntry("root-" + i, roots.get(i));
        }
        return store;
    }

    // ---- called by the engine

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
            throws CertificateException {
        String host = engine.getPeerHost();
        boolean wantsHost = engine.getSSLParameters().getEndpointIdentificationAlgorithm() != null;
        try {
            if (decider instanceof X509ExtendedTrustManager extended) {
                extended.checkServerTrusted(chain, authType, engine);
            } else {
                decider.checkServerTrusted(chain, authType);
            }
        } catch (CertificateException e) {
            if (checksHost && wantsHost && passesWithoutHost(chain, authType)) {
                checkHost(host, chain, authType, engine);
            }
            throw checksHost ? explained(chain, e, "trust(...)") : e; // the user's own has its own explanation
        }
        if (!checksHost && wantsHost) {
            checkHost(host, chain, authType, engine);
        }
        String wrong = wantsHost ? notFor(host, chain[0]) : null;
        if (wrong != null) {
            throw new Untrusted(wrong, null);
        }
    }

    private boolean passesWithoutHost(X509Certificate[] chain, String authType) {
        try {
            decider.checkServerTrusted(chain, authType);
            return true;
        } catch (CertificateException e) {
            return false;
        }
    }

    /** Uses a trust manager of the JDK that trusts this one certificate, so that only the host is left to check. */
    private static void checkHost(@Nullable String host, X509Certificate[] chain, String authType, SSLEngine engine)
            throws CertificateException {
        try {
            pkix(List.of(chain[0])).checkServerTrusted(new X509Certificate[] {chain[0]}, authType, engine);
        } catch (CertificateException e) {
            throw notFor(host, chain, e);
        } catch (GeneralSecurityException e) {
            throw new CertificateException("whom the certificate is for can't be checked", e);
        }
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
            throws CertificateException {
        try {
            if (decider instanceof X509ExtendedTrustManager extended) {
                extended.checkClientTrusted(chain, authType, engine);
            } else {
                decider.checkClientTrusted(chain, authType);
            }
        } catch (CertificateException e) {
            throw checksHost ? explained(chain, e, "requireClientCertificate(...)") : e;
        }
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
        return decider.getAcceptedIssuers();
    }

    // ---- never called: there is always an engine

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
            throws CertificateException {
        throw withoutEngine();
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket)
            throws CertificateException {
        throw withoutEngine();
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        throw withoutEngine();
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        throw withoutEngine();
    }

    private static CertificateException withoutEngine() {
        return new CertificateException("nobody can be trusted without knowing the host that was meant");
    }

    // ---- explanations

    private static Untrusted untrusted(String message, CertificateException e) {
        // The engine derives the alert from the cause.
        Throwable cause = e.getCause() instanceof CertPathValidatorException ? e.getCause() : e;
        return new Untrusted(message, cause);
    }

    private static Untrusted notFor(@Nullable String host, X509Certificate[] chain, CertificateException e) {
        return untrusted(isNotFor(host, chain[0]), e);
    }

    private static String isNotFor(@Nullable String host, X509Certificate certificate) {
        List<String> names = namesOf(certificate, NAMES_AND_ADDRESSES);
        return names.isEmpty()
                ? "the certificate is for no host at all: it has no subject alternative name, and that of the subject does not count"
                : "the certificate is not for " + host + " but for " + String.join(", ", names)
                        + "; connect to one of these, or say which is right with hostName(...)";
    }

    /**
     * Says what is wrong with a certificate that the JDK accepts for this host; otherwise null. The JDK accepts the subject's name if there is no
     * other name, and a star for a part of a label; RFC 9525, sections 2 and 6.3, forbids both. For addresses, the JDK does neither.
     */
    static @Nullable String notFor(@Nullable String host, X509Certificate certificate) {
        if (host == null || TlsClient.isAddress(host)) {
            return null;
        }
        for (String name : namesOf(certificate, NAMES)) {
            if (name.equalsIgnoreCase(host) || isPatternOf(name, host)) {
                return null;
            }
        }
        return isNotFor(host, certificate);
    }

    /** Whether the pattern is a star for the first label, followed by the same labels. */
    private static boolean isPatternOf(String name, String host) {
        int dot = host.indexOf('.');
        return dot > 0 && name.startsWith("*.") && name.substring(1).equalsIgnoreCase(host.substring(dot));
    }

    private static List<String> namesOf(X509Certificate certificate, Set<Integer> kinds) {
        var names = new ArrayList<String>();
        try {
            Collection<List<?>> alternatives = certificate.getSubjectAlternativeNames();
            for (List<?> each : alternatives == null ? List.<List<?>>of() : alternatives) {
                if (each.get(0) instanceof Integer kind && kinds.contains(kind)) {
                    names.add(String.valueOf(each.get(1)));
                }
            }
        } catch (CertificateParsingException e) {
            // then it has none that count
        }
        return names;
    }

    private static CertificateException explained(X509Certificate[] chain, CertificateException e, String trust) {
        String which = named(chain[0]) + ", or one that it depends on, ";
        if (e.getCause() instanceof CertPathValidatorException invalid) {
            if (invalid.getReason() == BasicReason.ALGORITHM_CONSTRAINED) {
                return untrusted(which + "has a key or a signature that is too weak: " + invalid.getMessage(), e);
            }
            if (invalid.getReason() == BasicReason.REVOKED) {
                return untrusted(which + "was revoked: " + invalid.getMessage(), e);
            }
        }
        String outOfTime = outOfTime(chain);
        if (outOfTime != null) {
            return untrusted(outOfTime, e);
        }
        return e.getCause() instanceof CertPathBuilderException
                ? unknown(chain, e, trust)
                : untrusted(named(chain[0]) + " won't do: " + e.getMessage(), e);
    }

    private static @Nullable String outOfTime(X509Certificate[] chain) {
        for (X509Certificate certificate : chain) {
            try {
                certificate.checkValidity();
            } catch (CertificateExpiredException expired) {
                return named(certificate) + " expired on "
                        + certificate.getNotAfter().toInstant();
            } catch (CertificateNotYetValidException early) {
                return named(certificate) + " is not valid before "
                        + certificate.getNotBefore().toInstant() + "; is the clock of this machine right?";
            }
        }
        return null;
    }

    private static CertificateException unknown(X509Certificate[] chain, CertificateException e, String trust) {
        if (isSelfSigned(chain[0])) {
            return untrusted(
                    named(chain[0])
                            + " is signed by itself, and is not among those that are trusted; if it is the right"
                            + " one, give it to " + trust + " (" + e.getMessage() + ")",
                    e);
        }
        return untrusted(
                named(chain[0]) + " was issued by " + chain[chain.length - 1].getIssuerX500Principal()
                        + ", which is not trusted; give that authority to " + trust + ", or have the peer send all"
                        + " certificates between (" + e.getMessage() + ")",
                e);
    }

    private static boolean isSelfSigned(X509Certificate certificate) {
        return certificate.getIssuerX500Principal().equals(certificate.getSubjectX500Principal());
    }

    private static String named(X509Certificate certificate) {
        return "the certificate " + certificate.getSubjectX500Principal();
    }
}
