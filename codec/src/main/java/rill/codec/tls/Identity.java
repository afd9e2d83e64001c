package rill.codec.tls;

import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECKey;
import java.security.interfaces.EdECKey;
import java.security.interfaces.RSAKey;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;

/** The identity of one side: a private key and its certificates. Immutable, for any number of connections. */
public final class Identity {
    private final PrivateKey key;
    private final List<X509Certificate> chain;

    private Identity(PrivateKey key, List<X509Certificate> chain) {
        this.key = key;
        this.chain = chain;
    }

    /**
     * An identity of a key and its certificates.
     *
     * @param chain the key's own certificate first, then its issuer's and so on; the root may be left out
     * @throws IllegalArgumentException if there is no certificate, or the first does not belong to this key
     */
    public static Identity of(PrivateKey key, List<X509Certificate> chain) {
        List<X509Certificate> certificates = List.copyOf(chain);
        if (certificates.isEmpty()) {
            throw new IllegalArgumentException("an identity needs the certificate of its key");
        }
        X509Certificate own = certificates.getFirst();
        if (!belongTogether(Objects.requireNonNull(key, "key"), own.getPublicKey())) {
            throw new IllegalArgumentException("the private key is not that of the first certificate, "
                    + own.getSubjectX500Principal() + "; that certificate has to come first in the chain");
        }
        return new Identity(key, certificates);
    }

    /** An identity of two PEM files: the certificates and the private key. See {@link Pem}. */
    public static Identity pem(Path chain, Path key) throws IOException {
        return of(Pem.privateKey(key), Pem.certificates(chain), chain, key);
    }

    private static Identity of(PrivateKey read, List<X509Certificate> certificates, Path chain, Path key)
            throws IOException {
        try {
            return of(read, certificates);
        } catch (IllegalArgumentException e) {
            throw new IOException(chain + " and " + key + ": " + e.getMessage(), e);
        }
    }

    /** Like {@link #pem(Path, Path)}, with a key that is encrypted with this password. */
    public static Identity pem(Path chain, Path key, char[] password) throws IOException {
        return of(Pem.privateKey(key, password), Pem.certificates(chain), chain, key);
    }

    /**
     * An identity in a key store of its own, PKCS #12 or JKS, such as keytool makes.
     *
     * @param password of the file and of the key
     * @throws IOException if the file can't be read, the password is another, or it has not exactly one private key
     */
    public static Identity keyStore(Path file, char[] password) throws IOException {
        try {
            KeyStore store = KeyStore.getInstance(file.toFile(), password);
            var own = new ArrayList<String>();
            for (String alias : Collections.list(store.aliases())) {
                if (store.isKeyEntry(alias)) {
                    own.add(alias);
                }
            }
            if (own.size() != 1) {
                throw new IOException(file + " has " + own.size() + " private keys, not one: " + own
                        + "; take one out of a java.security.KeyStore, and pass it to Identity.of(key, chain)");
            }
            if (!(store.getKey(own.getFirst(), password) instanceof PrivateKey key)) {
                throw new IOException(file + ": " + own.getFirst() + " is not a private key");
            }
            var chain = new ArrayList<X509Certificate>();
            for (Certificate each : store.getCertificateChain(own.getFirst())) {
                chain.add((X509Certificate) each);
            }
            return of(key, chain);
        } catch (GeneralSecurityException e) {
            throw new IOException(file + ": " + e.getMessage(), e);
        }
    }

    /** The certificates, the key's own first. */
    public List<X509Certificate> chain() {
        return chain;
    }

    PrivateKey key() {
        return key;
    }

    /** For a key that is kept in hardware, only its algorithm can be compared. */
    private static boolean belongTogether(PrivateKey key, PublicKey certified) {
        if (key instanceof RSAKey own && certified instanceof RSAKey other) {
            return own.getModulus().equals(other.getModulus());
        }
        if (key instanceof ECKey && certified instanceof ECKey) {
            return verifies("SHA256withECDSA", key, certified);
        }
        if (key instanceof EdECKey && certified instanceof EdECKey) {
            return verifies("EdDSA", key, certified);
        }
        return key.getAlgorithm().equals(certified.getAlgorithm());
    }

    private static boolean verifies(String algorithm, PrivateKey key, PublicKey certified) {
        byte[] text = {1, 2, 3};
        try {
            var signature = Signature.getInstance(algorithm);
            signature.initSign(key);
            signature.update(text);
            byte[] signed = signature.sign();
            signature.initVerify(certified);
            signature.update(text);
            return signature.verify(signed);
        } catch (GeneralSecurityException e) {
            return false; // on a different curve
        }
    }

    /** Names the certificate, and never shows the key. */
    @Override
    public String toString() {
        return "Identity[" + chain.getFirst().getSubjectX500Principal() + "]";
    }
}
