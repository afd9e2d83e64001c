package rill.bridge.netty;

import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/** TLS with one key, made by the JDK's keytool, and with trust in every peer. */
final class OneKey {
    private static final String PASSWORD = "changeit";

    private OneKey() {}

    static SSLContext context(Path dir) throws IOException, InterruptedException, GeneralSecurityException {
        Path store = dir.resolve("key.p12");
        String keytool =
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString();
        String arguments =
                "-genkeypair -alias a -keyalg EC -dname CN=localhost -validity 10 -storetype PKCS12 -storepass "
                        + PASSWORD;
        var command = new java.util.ArrayList<>(java.util.List.of(keytool));
        command.addAll(java.util.List.of(arguments.split(" ")));
        command.addAll(java.util.List.of("-keystore", store.toString()));
        int status = new ProcessBuilder(command).inheritIO().start().waitFor();
        if (status != 0) {
            throw new IOException("keytool: " + status);
        }
        KeyStore keys = KeyStore.getInstance("PKCS12");
        try (var in = Files.newInputStream(store)) {
            keys.load(in, PASSWORD.toCharArray());
        }
        var managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        managers.init(keys, PASSWORD.toCharArray());
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(managers.getKeyManagers(), InsecureTrustManagerFactory.INSTANCE.getTrustManagers(), null);
        return context;
    }
}
