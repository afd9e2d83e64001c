package rill.codec.tls;

import static org.assertj.core.api.Assertions.assertThat;

import java.security.GeneralSecurityException;
import javax.net.ssl.SSLException;
import org.junit.jupiter.api.Test;

/** Tests how exceptions thrown by engines are worded. */
class FailuresTest {
    private static String said(String byEngine) {
        return new Failures(true, "server.test:443")
                .of(new SSLException(byEngine))
                .getMessage();
    }

    @Test
    void an_alert_that_the_peer_could_send_in_plain_text_only_is_known_as_well() {
        var plain =
                new GeneralSecurityException("Unexpected plaintext alert received: Level: fatal; Alert: unknown_ca");
        assertThat(new Failures(false, "1.2.3.4:5")
                        .of(new SSLException("Unexpected exception", plain))
                        .getMessage())
                .isEqualTo("TLS with the client 1.2.3.4:5: the peer refuses, with the alert unknown_ca:"
                        + " it does not trust who has issued our certificate");
    }

    @Test
    void only_a_certificate_for_another_host_comes_with_the_advice_to_name_that() {
        String advice = "TLS with server.test:443: the certificate is not for server.test; connect to a host that it is"
                + " for, or say which is right with hostName(...): ";
        for (String other : new String[] {
            "No name matching server.test found", "No subject alternative DNS name matching server.test found."
        }) {
            assertThat(said("(certificate_unknown) " + other)).isEqualTo(advice + other);
        }
        assertThat(said("(bad_record_mac) Tag mismatch")).isEqualTo("TLS with server.test:443: Tag mismatch");
        assertThat(said("No appropriate protocol")).isEqualTo("TLS with server.test:443: No appropriate protocol");
    }
}
