package rill.pipeline;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.TrustManagerFactory;

/** Keys and self-signed certificates made for one test run: one for {@code localhost}, one for another name. */
final class Certificates {
    private static final char[] PASSWORD = "changeit".toCharArray();
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    static final Certificates FOR_LOCALHOST = new Certificates("localhost");
    static final Certificates FOR_ANOTHER = new Certificates("another.invalid");

    private final SSLContext context;

    private Certificates(String host) {
        try {
            Path folder = Files.createTempDirectory("rill-keys");
            Path file = folder.resolve("keys.p12");
            try {
                make(host, file);
                context = contextOf(file);
            } finally {
                Files.deleteIfExists(file);
                Files.deleteIfExists(folder);
            }
        } catch (IOException | GeneralSecurityException e) {
            throw new AssertionError("no certificate for " + host, e);
        }
    }

    private static void make(String host, Path file) throws IOException {
        Process keytool = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-genkeypair",
                        "-alias",
                        "test",
                        "-keyalg",
                        "EC",
                        "-validity",
                        "2",
                        "-dname",
                        "CN=" + host,
                        "-ext",
                        "SAN=dns:" + host,
                        "-storetype",
                        "PKCS12",
                        "-keystore",
                        file.toString(),
                        "-storepass",
                        new String(PASSWORD))
                .redirectErrorStream(true)
                .start();
        String output = new String(keytool.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        try {
            if (!keytool.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS) || keytool.exitValue() != 0) {
                throw new IOException("keytool: " + output);
            }
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    private static SSLContext contextOf(Path file) throws IOException, GeneralSecurityException {
        KeyStore keys = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(file)) {
            keys.load(in, PASSWORD);
        }
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        trusted.setCertificateEntry("test", keys.getCertificate("test"));
        var keyManagers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keyManagers.init(keys, PASSWORD);
        var trustManagers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trustManagers.init(trusted);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keyManagers.getKeyManagers(), trustManagers.getTrustManagers(), null);
        return context;
    }

    /** A context with this key, and trust in its certificate. */
    SSLContext context() {
        return context;
    }

    TlsLayer server() {
        return server(PATIENCE);
    }

    TlsLayer server(Duration handshakeTimeout) {
        return new TlsLayer(() -> engine(false), handshakeTimeout);
    }

    TlsLayer client() {
        return client(PATIENCE);
    }

    /** A client that trusts this certificate, and requires {@code localhost}. */
    TlsLayer client(Duration handshakeTimeout) {
        return new TlsLayer(() -> engine(true), handshakeTimeout);
    }

    private SSLEngine engine(boolean client) {
        SSLEngine engine = context.createSSLEngine("localhost", 0);
        engine.setUseClientMode(client);
        if (client) {
            SSLParameters parameters = engine.getSSLParameters();
            parameters.setEndpointIdentificationAlgorithm("HTTPS");
            engine.setSSLParameters(parameters);
        }
        return engine;
    }

    static InetAddress loopback() {
        return InetAddress.getLoopbackAddress();
    }
}
