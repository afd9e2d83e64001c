package rill.bench.program;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;

/** A server's key and certificates, which the harness creates in the file that {@code -Dbench.identity=FILE} names. */
record ServerKey(PrivateKey key, List<X509Certificate> chain) {
    private static final String ALIAS = "server";
    private static final char[] PASSWORD = "benchmark".toCharArray();

    static ServerKey load() throws IOException, GeneralSecurityException {
        var store = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(Path.of(System.getProperty("bench.identity")))) {
            store.load(in, PASSWORD);
        }
        List<X509Certificate> chain = new ArrayList<>();
        for (Certificate each : store.getCertificateChain(ALIAS)) {
            chain.add((X509Certificate) each);
        }
        return new ServerKey((PrivateKey) store.getKey(ALIAS, PASSWORD), chain);
    }
}
