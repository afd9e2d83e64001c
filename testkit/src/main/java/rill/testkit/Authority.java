package rill.testkit;

import java.math.BigInteger;
import java.net.InetAddress;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Date;
import java.util.List;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.CertIOException;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.jspecify.annotations.Nullable;

/**
 * A certificate authority generated on the spot, for tests and demonstrations of TLS. Its certificates are good for nothing else: the keys are kept
 * in memory, and only those explicitly configured to trust the authority do.
 *
 * <p><b>Threading:</b> any. <b>Units:</b> certificates are valid from one hour ago and expire in one day, unless a {@link Wish} says otherwise.
 */
public final class Authority {
    private final Issued own;

    private Authority(Issued own) {
        this.own = own;
    }

    /**
     * A private key and its certificate chain.
     *
     * @param key the private key
     * @param chain the key's certificate first, then that of its issuer, and so on, without the root
     */
    public record Issued(PrivateKey key, List<X509Certificate> chain) {
        /** Returns the certificate of the key. */
        public X509Certificate certificate() {
            return chain.getFirst();
        }

        /** Returns the chain in PEM. */
        public String chainPem() {
            var text = new StringBuilder();
            chain.forEach(each -> text.append(pem(each)));
            return text.toString();
        }

        /** Returns the key in PEM, as PKCS #8. */
        public String keyPem() {
            return block("PRIVATE KEY", key.getEncoded());
        }

        @Override
        public String toString() {
            return "Issued[" + certificate().getSubjectX500Principal() + "]"; // without the key
        }
    }

    /**
     * The properties of a certificate to be issued.
     *
     * @param kind the kind of key: {@code EC} (P-256), {@code Ed25519}, or {@code RSA-} followed by the number of bits
     * @param signature the JDK's name of the issuer's signature algorithm; null for the default of the issuer's key
     */
    public record Wish(String kind, @Nullable String signature, Instant from, Instant until) {
        /** Returns the defaults, with the validity counted from now. */
        public static Wish usual() {
            Instant now = Instant.now();
            return new Wish("EC", null, now.minus(Duration.ofHours(1)), now.plus(Duration.ofDays(1)));
        }

        /** Returns a copy with this kind of key. */
        public Wish kind(String newKind) {
            return new Wish(newKind, signature, from, until);
        }

        /** Returns a copy with this signature algorithm. */
        public Wish signature(String algorithm) {
            return new Wish(kind, algorithm, from, until);
        }

        /** Returns a copy with this validity. */
        public Wish valid(Instant newFrom, Instant newUntil) {
            return new Wish(kind, signature, newFrom, newUntil);
        }
    }

    /** Creates an authority with a unique name. */
    public static Authority create() {
        return create("Rill test authority " + Long.toHexString(new SecureRandom().nextLong()), Wish.usual());
    }

    /** Creates an authority with this name and these properties. */
    public static Authority create(String name, Wish wish) {
        KeyPair keys = keys(wish.kind());
        X500Name subject = new X500Name("CN=" + name);
        return new Authority(
                new Issued(keys.getPrivate(), List.of(signed(subject, keys, subject, keys.getPrivate(), wish, true))));
    }

    /** Returns the authority's own certificate, the one to trust. */
    public X509Certificate certificate() {
        return own.certificate();
    }

    /** Creates an authority that this one vouches for. The chains that it issues include its certificate. */
    public Authority intermediate(String name) {
        return new Authority(issue(Wish.usual(), true, name));
    }

    /** Issues a certificate for these hosts, which are names or addresses. Without hosts it is a client certificate. */
    public Issued issue(String... hosts) {
        return issue(Wish.usual(), hosts);
    }

    /** Issues a certificate as {@link #issue(String...)} does, with other properties than the defaults. */
    public Issued issue(Wish wish, String... hosts) {
        return issue(wish, false, hosts);
    }

    /** Issues a certificate whose subject has this name and that is valid for no host; no client should accept it as that of one. */
    public Issued issueNameless(String name) {
        return issueNamed(name);
    }

    /** Issues a certificate whose subject has this name, regardless of the hosts that it is for. */
    public Issued issueNamed(String name, String... hosts) {
        return issue(Wish.usual(), false, name, hosts);
    }

    private Issued issue(Wish wish, boolean authority, String... hosts) {
        return issue(wish, authority, hosts.length == 0 ? "a client" : hosts[0], hosts);
    }

    private Issued issue(Wish wish, boolean authority, String name, String[] hosts) {
        KeyPair keys = keys(wish.kind());
        X500Name issuer =
                X500Name.getInstance(own.certificate().getSubjectX500Principal().getEncoded());
        X500Name subject = new X500Name("CN=" + name.replace(",", "\\,"));
        var chain = new ArrayList<X509Certificate>();
        chain.add(signed(subject, keys, issuer, own.key(), wish, authority, hosts));
        if (!own.certificate().getIssuerX500Principal().equals(own.certificate().getSubjectX500Principal())) {
            chain.addAll(own.chain());
        }
        return new Issued(keys.getPrivate(), List.copyOf(chain));
    }

    /** Creates a self-signed certificate for these hosts, which nobody else vouches for. */
    public static Issued selfSigned(String... hosts) {
        KeyPair keys = keys("EC");
        X500Name subject = new X500Name("CN=" + hosts[0]);
        return new Issued(
                keys.getPrivate(),
                List.of(signed(subject, keys, subject, keys.getPrivate(), Wish.usual(), false, hosts)));
    }

    /** Returns a certificate in PEM. */
    public static String pem(X509Certificate certificate) {
        try {
            return block("CERTIFICATE", certificate.getEncoded());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String block(String label, byte[] content) {
        String text = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(content);
        return "-----BEGIN " + label + "-----\n" + text + "\n-----END " + label + "-----\n";
    }

    private static KeyPair keys(String kind) {
        try {
            if (kind.startsWith("RSA-")) {
                KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
                generator.initialize(Integer.parseInt(kind.substring("RSA-".length())));
                return generator.generateKeyPair();
            }
            KeyPairGenerator generator = KeyPairGenerator.getInstance(kind);
            if (kind.equals("EC")) {
                generator.initialize(new ECGenParameterSpec("secp256r1"));
            }
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new IllegalArgumentException("keys of kind " + kind, e);
        }
    }

    private static X509Certificate signed(
            X500Name subject,
            KeyPair keys,
            X500Name issuer,
            PrivateKey by,
            Wish wish,
            boolean authority,
            String... hosts) {
        try {
            X509v3CertificateBuilder builder = new JcaX509v3CertificateBuilder(
                    issuer,
                    new BigInteger(64, new SecureRandom()).add(BigInteger.ONE),
                    Date.from(wish.from()),
                    Date.from(wish.until()),
                    subject,
                    keys.getPublic());
            builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(authority));
            builder.addExtension(
                    Extension.keyUsage,
                    true,
                    new KeyUsage(authority ? KeyUsage.keyCertSign | KeyUsage.cRLSign : KeyUsage.digitalSignature));
            if (hosts.length > 0 && !authority) {
                builder.addExtension(Extension.subjectAlternativeName, false, names(hosts));
            }
            String algorithm = wish.signature() == null ? signatureOf(by) : wish.signature();
            return new JcaX509CertificateConverter()
                    .getCertificate(builder.build(new JcaContentSignerBuilder(algorithm).build(by)));
        } catch (CertIOException | OperatorCreationException | GeneralSecurityException e) {
            throw new IllegalArgumentException("a certificate for " + subject, e);
        }
    }

    private static String signatureOf(PrivateKey key) {
        return switch (key.getAlgorithm()) {
            case "RSA" -> "SHA256withRSA";
            case "EC" -> "SHA256withECDSA";
            default -> "Ed25519";
        };
    }

    private static GeneralNames names(String... hosts) {
        var names = new ArrayList<GeneralName>();
        for (String host : hosts) {
            names.add(new GeneralName(isAddress(host) ? GeneralName.iPAddress : GeneralName.dNSName, host));
        }
        return new GeneralNames(names.toArray(new GeneralName[0]));
    }

    private static boolean isAddress(String host) {
        try {
            InetAddress.ofLiteral(host);
            return true;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }
}
