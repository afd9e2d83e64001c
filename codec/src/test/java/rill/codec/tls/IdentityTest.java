package rill.codec.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.Certificate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import rill.testkit.Authority;

/** Identities in key stores. */
class IdentityTest {
    private static final char[] PASSWORD = "changeit".toCharArray();

    @TempDir
    private Path folder;

    private Path store(String type, Authority.Issued... keys) throws Exception {
        KeyStore store = KeyStore.getInstance(type);
        store.load(null, null);
        for (int i = 0; i < keys.length; i++) {
            store.setKeyEntry(
                    "key-" + i, keys[i].key(), PASSWORD, keys[i].chain().toArray(Certificate[]::new));
        }
        store.setCertificateEntry("authority", Certificates.AUTHORITY.certificate());
        Path file = folder.resolve("store." + type);
        try (OutputStream out = Files.newOutputStream(file)) {
            store.store(out, PASSWORD);
        }
        return file;
    }

    @ParameterizedTest
    @ValueSource(strings = {"PKCS12", "JKS"})
    void the_only_key_is_taken_with_its_certificates(String type) throws Exception {
        Authority.Issued issued = Certificates.AUTHORITY.issue("server.test");
        Identity identity = Identity.keyStore(store(type, issued), PASSWORD);
        assertThat(identity.chain().getFirst()).isEqualTo(issued.certificate());
        assertThat(identity.key()).isEqualTo(issued.key());
    }

    @Test
    void it_is_refused_in_words_unless_there_is_one_key_and_the_password_is_right() throws Exception {
        Authority.Issued issued = Certificates.AUTHORITY.issue("server.test");
        Path none = store("PKCS12");
        assertThatThrownBy(() -> Identity.keyStore(none, PASSWORD))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("has 0 private keys, not one");
        Path two = store("PKCS12", issued, issued);
        assertThatThrownBy(() -> Identity.keyStore(two, PASSWORD))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("[key-0, key-1]")
                .hasMessageContaining("Identity.of");
        Path one = store("PKCS12", issued);
        assertThatThrownBy(() -> Identity.keyStore(one, "wrong".toCharArray()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("password");
        Path text = Files.writeString(folder.resolve("text"), "no key store");
        assertThatThrownBy(() -> Identity.keyStore(text, PASSWORD)).isInstanceOf(IOException.class);
    }
}
