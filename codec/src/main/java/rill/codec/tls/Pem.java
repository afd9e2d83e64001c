package rill.codec.tls;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import javax.crypto.EncryptedPrivateKeyInfo;
import javax.crypto.SecretKey;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * Reads certificates and private keys from PEM files.
 *
 * <p>It reads {@code CERTIFICATE}, {@code PRIVATE KEY} (PKCS #8), {@code ENCRYPTED PRIVATE KEY} (with a password), {@code RSA PRIVATE KEY} (PKCS #1)
 * and {@code EC PRIVATE KEY} (SEC 1). Other blocks, and text between blocks, are skipped.
 *
 * <p><b>Errors:</b> an {@link IOException} that names the file and what is wrong with it. No message shows the file's content. <b>Source:</b>
 * RFC 7468, RFC 5958, RFC 8017 appendix A.1.2, RFC 5915.
 */
public final class Pem {
    private static final long LARGEST_FILE = 4 * 1024 * 1024;
    private static final String BEGIN = "-----BEGIN ";
    private static final String END = "-----END ";
    private static final String DASHES = "-----";
    private static final Set<String> CERTIFICATES = Set.of("CERTIFICATE", "X509 CERTIFICATE");
    private static final Set<String> KEYS =
            Set.of("PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY");
    private static final List<String> KEY_KINDS = List.of("RSA", "EC", "EdDSA", "RSASSA-PSS");

    private Pem() {}

    /** A block between two lines of dashes. */
    private static final class Block {
        private final String label;
        private final byte[] content;

        Block(String label, byte[] content) {
            this.label = label;
            this.content = content;
        }
    }

    /** Returns all certificates of a file, in their order. */
    public static List<X509Certificate> certificates(Path file) throws IOException {
        return certificates(read(file), file.toString());
    }

    /** Returns all certificates of a text, in their order. */
    public static List<X509Certificate> certificates(String text) throws IOException {
        return certificates(text, "the text");
    }

    private static List<X509Certificate> certificates(String text, String where) throws IOException {
        var certificates = new ArrayList<X509Certificate>();
        for (Block block : blocks(text, where, CERTIFICATES)) {
            certificates.add(certificate(block.content, where));
        }
        if (certificates.isEmpty()) {
            throw new IOException(
                    where + " has no certificate: no block that begins with " + BEGIN + "CERTIFICATE" + DASHES);
        }
        return List.copyOf(certificates);
    }

    private static X509Certificate certificate(byte[] content, String where) throws IOException {
        try {
            return (X509Certificate)
                    CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(content));
        } catch (CertificateException e) {
            throw new IOException(where + ": a certificate in it can't be read: " + e.getMessage(), e);
        }
    }

    /** Returns the private key of a file. */
    public static PrivateKey privateKey(Path file) throws IOException {
        return privateKey(read(file), file.toString(), null);
    }

    /** Returns the private key of a file, decrypted with this password, which the caller should wipe. */
    public static PrivateKey privateKey(Path file, char[] password) throws IOException {
        return privateKey(read(file), file.toString(), password);
    }

    /** Returns the private key of a text. */
    public static PrivateKey privateKey(String text) throws IOException {
        return privateKey(text, "the text", null);
    }

    private static PrivateKey privateKey(String text, String where, char @Nullable [] password) throws IOException {
        List<Block> keys = blocks(text, where, KEYS);
        if (!keys.isEmpty()) {
            Block first = keys.getFirst();
            return key(pkcs8(first, where, password), where);
        }
        throw new IOException(where + " has no private key: no block that begins with " + BEGIN + "PRIVATE KEY" + DASHES
                + " or one of its relatives");
    }

    private static byte[] pkcs8(Block block, String where, char @Nullable [] password) throws IOException {
        return switch (block.label) {
            case "ENCRYPTED PRIVATE KEY" -> {
                if (password == null) {
                    throw new IOException(where + ": the private key is encrypted; give its password");
                }
                yield decrypted(block.content, where, password);
            }
            case "RSA PRIVATE KEY" -> Der.pkcs8OfPkcs1(block.content);
            case "EC PRIVATE KEY" -> {
                byte[] wrapped = Der.pkcs8OfSec1(block.content);
                if (wrapped == null) {
                    throw new IOException(
                            where + ": the private key does not say which curve it is of; write it anew with"
                                    + " openssl pkcs8 -topk8 -nocrypt");
                }
                yield wrapped;
            }
            default -> block.content;
        };
    }

    private static PrivateKey key(byte[] pkcs8, String where) throws IOException {
        for (String kind : KEY_KINDS) {
            try {
                return KeyFactory.getInstance(kind).generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
            } catch (GeneralSecurityException e) {
                // of another algorithm
            }
        }
        throw new IOException(where + ": the private key can't be read; known are " + String.join(", ", KEY_KINDS));
    }

    private static byte[] decrypted(byte[] content, String where, char[] password) throws IOException {
        var secret = new PBEKeySpec(password);
        try {
            var encrypted = new EncryptedPrivateKeyInfo(content);
            // The parameters have the name of the scheme; the algorithm's own name is just "PBES2".
            String scheme = encrypted.getAlgParameters() == null
                    ? encrypted.getAlgName()
                    : encrypted.getAlgParameters().toString();
            SecretKey key = SecretKeyFactory.getInstance(scheme).generateSecret(secret);
            return opened(encrypted, key, where).getEncoded();
        } catch (GeneralSecurityException | IOException e) {
            if (e instanceof WrongPassword wrong) {
                throw wrong;
            }
            throw new IOException(
                    where + ": the private key is encrypted in a way that can't be read; write it anew with"
                            + " openssl pkcs8 -topk8 -v2 aes-256-cbc",
                    e);
        } finally {
            secret.clearPassword();
        }
    }

    private static final class WrongPassword extends IOException {
        WrongPassword(String where, Throwable cause) {
            super(where + ": the private key can't be decrypted; is the password right?", cause);
        }
    }

    private static PKCS8EncodedKeySpec opened(EncryptedPrivateKeyInfo encrypted, SecretKey key, String where)
            throws WrongPassword {
        try {
            return encrypted.getKeySpec(key);
        } catch (GeneralSecurityException e) {
            throw new WrongPassword(where, e);
        }
    }

    private static String read(Path file) throws IOException {
        if (Files.size(file) > LARGEST_FILE) {
            throw new IOException(file + " is larger than " + LARGEST_FILE + " bytes, which no file of PEM is");
        }
        return Files.readString(file, StandardCharsets.ISO_8859_1);
    }

    private static List<Block> blocks(String text, String where, Set<String> wanted) throws IOException {
        var blocks = new ArrayList<Block>();
        String label = null;
        var content = new StringBuilder();
        for (String line : text.lines().map(String::strip).toList()) {
            if (label == null) {
                if (line.startsWith(BEGIN)
                        && line.endsWith(DASHES)
                        && line.length() > BEGIN.length() + DASHES.length()) {
                    label = line.substring(BEGIN.length(), line.length() - DASHES.length());
                    content.setLength(0);
                }
            } else if (line.startsWith(END)) {
                if (wanted.contains(label)) {
                    blocks.add(block(label, line, content.toString(), where));
                }
                label = null;
            } else if (line.indexOf(':') >= 0 && wanted.contains(label)) {
                throw new IOException(where + ": " + label
                        + " is in an old form with headers of its own; write it anew with" + " openssl pkcs8 -topk8");
            } else {
                content.append(line);
            }
        }
        if (label != null) {
            throw new IOException(where + ": " + label + " has no end");
        }
        return blocks;
    }

    private static Block block(String label, String last, String content, String where) throws IOException {
        if (!last.equals(END + label + DASHES)) {
            throw new IOException(where + ": " + label + " ends with " + last);
        }
        try {
            return new Block(label, Base64.getDecoder().decode(content));
        } catch (IllegalArgumentException e) {
            throw new IOException(where + ": " + label + " is not in base 64", e);
        }
    }
}
