package rill.codec.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import rill.testkit.Authority;

/** Tests certificates and keys read from files, in the forms that tools write. */
class PemTest {
    private static final Authority.Issued ISSUED =
            Certificates.AUTHORITY.intermediate("Between").issue("server.test");

    @TempDir
    private Path folder;

    private Path file(String text) throws IOException {
        return Files.writeString(folder.resolve("file.pem"), text);
    }

    @Test
    void a_chain_and_a_key_come_back_as_they_were() throws IOException {
        Path file = file(
                "# some words before\n" + ISSUED.chainPem() + ISSUED.keyPem().replace("\n", "\r\n"));
        assertThat(Pem.certificates(file)).isEqualTo(ISSUED.chain());
        assertThat(Pem.privateKey(file)).isEqualTo(ISSUED.key());
        assertThat(Identity.pem(file, file).chain()).isEqualTo(ISSUED.chain());
        assertThat(Pem.certificates(ISSUED.chainPem())).hasSize(2);
        assertThat(Pem.privateKey(ISSUED.keyPem())).isEqualTo(ISSUED.key());
    }

    @Test
    void blocks_that_nobody_asked_for_are_skipped_whatever_is_in_them() throws IOException {
        String strange = "-----BEGIN PGP MESSAGE-----\nVersion: 1\n\n=?!\n-----END PGP MESSAGE-----\n";
        assertThat(Pem.certificates(strange + ISSUED.chainPem())).hasSize(2);
        assertThat(Pem.privateKey(strange + ISSUED.keyPem())).isEqualTo(ISSUED.key());
    }

    @Test
    void certificates_may_go_by_their_older_name() throws IOException {
        assertThat(Pem.certificates(ISSUED.chainPem().replace(" CERTIFICATE", " X509 CERTIFICATE")))
                .isEqualTo(ISSUED.chain());
    }

    @Test
    void a_file_that_is_too_large_is_not_read() throws IOException {
        Path file = file("");
        try (var large = new RandomAccessFile(file.toFile(), "rw")) {
            large.setLength(4 * 1024 * 1024 + 1);
        }
        for (ThrowingCallable reading :
                List.<ThrowingCallable>of(() -> Pem.privateKey(file), () -> Pem.certificates(file))) {
            assertThatThrownBy(reading)
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("file.pem is larger than 4194304 bytes");
        }
    }

    @Test
    void the_forms_that_openssl_writes_are_read() throws Exception {
        for (List<String> generation : List.of(
                List.of("ecparam", "-name", "prime256v1", "-genkey"),
                List.of("ecparam", "-name", "secp384r1", "-genkey", "-noout"),
                List.of("genrsa", "-traditional", "2048"),
                List.of("genrsa", "2048"),
                List.of("genpkey", "-algorithm", "ed25519"))) {
            String text = openssl(generation);
            assertThat(Pem.privateKey(text).getEncoded())
                    .as(String.join(" ", generation))
                    .isNotEmpty();
        }
        Path plain = file(ISSUED.keyPem());
        for (String scheme : List.of("aes-256-cbc", "aes-128-cbc")) {
            Path encrypted = folder.resolve("encrypted.pem");
            openssl(List.of(
                    "pkcs8",
                    "-topk8",
                    "-in",
                    plain.toString(),
                    "-out",
                    encrypted.toString(),
                    "-v2",
                    scheme,
                    "-passout",
                    "pass:secret"));
            assertThat(Pem.privateKey(encrypted, "secret".toCharArray())).isEqualTo(ISSUED.key());
            assertThatThrownBy(() -> Pem.privateKey(encrypted, "wrong".toCharArray()))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("encrypted.pem")
                    .hasMessageContaining("is the password right?");
            assertThatThrownBy(() -> Pem.privateKey(encrypted))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("give its password");
        }
    }

    @Test
    void an_encryption_that_can_not_be_read_is_no_wrong_password() throws Exception {
        Path strange = folder.resolve("strange.pem");
        openssl(List.of(
                "pkcs8",
                "-topk8",
                "-in",
                file(ISSUED.keyPem()).toString(),
                "-out",
                strange.toString(),
                "-scrypt",
                "-passout",
                "pass:secret"));
        assertThatThrownBy(() -> Pem.privateKey(strange, "secret".toCharArray()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("strange.pem")
                .hasMessageContaining("encrypted in a way that can't be read");
    }

    @Test
    void a_key_of_another_certificate_is_named_with_the_files() throws IOException {
        Path chain = folder.resolve("chain.pem");
        Files.writeString(chain, ISSUED.chainPem());
        Path key = file(Certificates.AUTHORITY.issue("other.test").keyPem());
        assertThatThrownBy(() -> Identity.pem(chain, key))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("chain.pem")
                .hasMessageContaining("file.pem")
                .hasMessageContaining("CN=server.test");
    }

    private static String openssl(List<String> arguments) throws Exception {
        Assumptions.assumeTrue(
                Arrays.stream(System.getenv("PATH").split(File.pathSeparator, -1))
                        .anyMatch(folder -> Files.isExecutable(Path.of(folder, "openssl"))),
                "openssl is not installed");
        var command = new ArrayList<>(List.of("openssl"));
        command.addAll(arguments);
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
        assertThat(process.waitFor()).as(String.join(" ", command)).isZero();
        return output;
    }

    @Test
    void what_is_wrong_is_said_with_the_file_and_without_the_content() throws IOException {
        String key = ISSUED.keyPem();
        String secret = key.lines().toList().get(1);
        for (String[] each : new String[][] {
            {"nothing", "has no private key"},
            {key.replace("-----END PRIVATE KEY-----\n", ""), "PRIVATE KEY has no end"},
            {key.replace("END PRIVATE KEY", "END CERTIFICATE"), "ends with -----END CERTIFICATE-----"},
            {key.replace(secret, secret + "*"), "not in base 64"},
            {key.replace(secret, "Proc-Type: 4,ENCRYPTED\n" + secret), "openssl pkcs8 -topk8"},
            {
                "-----BEGIN PRIVATE KEY-----\n" + Base64.getEncoder().encodeToString(new byte[40])
                        + "\n-----END PRIVATE KEY-----\n",
                "the private key can't be read"
            }
        }) {
            assertThatThrownBy(() -> Pem.privateKey(file(each[0])))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("file.pem")
                    .hasMessageContaining(each[1])
                    .satisfies(e -> assertThat(e.toString()).doesNotContain(secret));
        }
        assertThatThrownBy(() -> Pem.certificates(file(key)))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("has no certificate");
    }
}
