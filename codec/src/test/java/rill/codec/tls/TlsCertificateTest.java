package rill.codec.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.Socket;
import java.security.KeyPairGenerator;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import rill.ByteLayer;
import rill.testkit.Authority;

/** Tests which certificates are trusted, and what is reported about those that are not. */
class TlsCertificateTest {
    private static final Authority AUTHORITY = Certificates.AUTHORITY;
    private final Instant now = Instant.now();

    private static @Nullable Throwable talk(TlsClient client, TlsServer server, Side[] sides) {
        var one = new Side(client, 1);
        var other = new Side(server, 2);
        for (boolean more = true; more; ) {
            byte[] question = one.take();
            other.feed(question);
            byte[] answer = other.take();
            one.feed(answer);
            more = question.length + answer.length > 0;
        }
        sides[0] = one;
        sides[1] = other;
        return one.failure;
    }

    private static @Nullable Throwable clientFailure(TlsClient client, TlsServer server) {
        return talk(client, server, new Side[2]);
    }

    private static @Nullable Throwable clientFailure(Authority.Issued shown) {
        return clientFailure(Certificates.client(), Tls.server(Certificates.identity(shown)));
    }

    private static void assertRefused(@Nullable Throwable failure, String... words) {
        assertThat(failure).isInstanceOf(TlsException.class).hasMessageContainingAll(words);
    }

    @Test
    void one_for_another_host_is_refused_with_the_names_that_it_is_for() {
        assertRefused(
                clientFailure(AUTHORITY.issue("other.test", "10.1.2.3")),
                "TLS with server.test",
                "not for server.test but for other.test, 10.1.2.3",
                "hostName(...)");
    }

    @Test
    void a_name_in_the_subject_alone_does_not_count() {
        Authority.Issued nameless = AUTHORITY.issueNameless("server.test");
        assertThat(nameless.certificate().getSubjectX500Principal().getName()).isEqualTo("CN=server.test");
        for (TlsVersion version : TlsVersion.values()) {
            assertRefused(
                    clientFailure(Certificates.client().versions(version), Tls.server(Certificates.identity(nameless))),
                    "no host at all");
            assertRefused(
                    clientFailure(
                            Certificates.client().versions(version).trust(new Gullible()),
                            Tls.server(Certificates.identity(nameless))),
                    "no host at all");
        }
    }

    @Test
    void a_wildcard_stands_for_one_label() {
        assertThat(clientFailure(
                        Certificates.client().hostName("a.server.test"), Tls.server(Certificates.of("*.server.test"))))
                .isNull();
        assertRefused(
                clientFailure(
                        Certificates.client().hostName("a.b.server.test"),
                        Tls.server(Certificates.of("*.server.test"))),
                "not for a.b.server.test but for *.server.test");
    }

    @Test
    void a_wildcard_is_the_whole_first_label() {
        String[][] none = {
            {"server.test", "*erver.test"},
            {"a1.server.test", "a*.server.test"},
            {"a.b.test", "a.*.test"},
            {"b.test", "*"}
        };
        for (X509TrustManager own : new X509TrustManager[] {null, new Gullible(), new GullibleExtended()}) {
            for (String[] each : none) {
                TlsClient client = Certificates.client().hostName(each[0]);
                assertRefused(
                        clientFailure(
                                own == null ? client : client.trust(own),
                                Tls.server(Certificates.identity(AUTHORITY.issueNamed(each[0], each[1])))),
                        "the certificate is not for " + each[0]);
            }
        }
        assertThat(clientFailure(
                        Certificates.client().hostName("A.Server.test"), Tls.server(Certificates.of("*.sErver.test"))))
                .isNull();
    }

    @Test
    void a_name_in_the_subject_does_not_count_beside_an_address_either() {
        Authority.Issued addressed = AUTHORITY.issueNamed("server.test", "10.1.2.3");
        TlsServer server = Tls.server(Certificates.identity(addressed));
        for (TlsVersion version : TlsVersion.values()) {
            TlsClient client = Certificates.client().versions(version);
            for (TlsClient each : List.of(client, client.trust(new Gullible()), client.trust(new GullibleExtended()))) {
                assertRefused(clientFailure(each, server), "not for server.test but for 10.1.2.3");
            }
            var sides = new Side[2];
            talk(client, server, sides);
            assertThat(sides[1].failure)
                    .as("the server is told")
                    .isInstanceOfSatisfying(
                            TlsException.class,
                            told -> assertThat(told.isFromPeer()).isTrue());
            assertThat(clientFailure(client.hostName("10.1.2.3"), server)).isNull();
        }
    }

    @Test
    void an_address_has_to_be_in_the_certificate_as_one() {
        TlsServer server = Tls.server(Certificates.of("127.0.0.1", "0:0:0:0:0:0:0:1"));
        for (String address : List.of("127.0.0.1", "::1", "[::1]", "::1%lo")) {
            assertThat(clientFailure(Certificates.client().hostName(address), server))
                    .as(address)
                    .isNull();
        }
        assertRefused(clientFailure(Certificates.client().hostName("127.0.0.2"), server), "not for 127.0.0.2");
    }

    @Test
    void a_name_may_end_with_a_dot_or_be_international() {
        assertThat(clientFailure(Certificates.client().hostName("server.test."), Certificates.server()))
                .isNull();
        assertThat(clientFailure(
                        Certificates.client().hostName("bücher.test"),
                        Tls.server(Certificates.of("xn--bcher-kva.test"))))
                .isNull();
    }

    @Test
    void one_that_has_expired_is_refused_with_the_day() {
        Instant end = now.minus(Duration.ofDays(2));
        assertRefused(
                clientFailure(AUTHORITY.issue(
                        Authority.Wish.usual().valid(now.minus(Duration.ofDays(9)), end), "server.test")),
                "CN=server.test expired on " + end.toString().substring(0, 10));
    }

    @Test
    void the_alert_says_that_one_has_expired() {
        var sides = new Side[2];
        Authority.Issued expired = AUTHORITY.issue(
                Authority.Wish.usual().valid(now.minus(Duration.ofDays(9)), now.minus(Duration.ofDays(2))),
                "server.test");
        talk(Certificates.client(), Tls.server(Certificates.identity(expired)), sides);
        assertThat(sides[1].failure).hasMessageContaining("certificate_expired");
    }

    @Test
    void one_that_is_not_valid_yet_is_refused_with_the_day() {
        Instant begin = now.plus(Duration.ofDays(2));
        assertRefused(
                clientFailure(AUTHORITY.issue(
                        Authority.Wish.usual().valid(begin, now.plus(Duration.ofDays(9))), "server.test")),
                "CN=server.test is not valid before " + begin.toString().substring(0, 10),
                "clock");
    }

    @Test
    void one_of_an_unknown_issuer_is_refused_with_its_name() {
        assertRefused(
                clientFailure(Authority.create("Somebody else", Authority.Wish.usual())
                        .issue("server.test")),
                "was issued by CN=Somebody else, which is not trusted",
                "trust(...)");
    }

    @Test
    void a_self_signed_one_is_refused_unless_it_is_the_one_that_is_trusted() {
        Authority.Issued own = Authority.selfSigned("server.test");
        assertRefused(clientFailure(own), "signed by itself", "trust(...)");
        TlsServer server = Tls.server(Certificates.identity(own));
        assertThat(clientFailure(Certificates.client().trust(List.of(own.certificate())), server))
                .isNull();
        assertRefused(
                clientFailure(
                        Certificates.client().trust(List.of(own.certificate())).hostName("other.test"), server),
                "not for other.test but for server.test");
    }

    @Test
    void a_chain_is_followed_and_one_with_a_gap_is_refused() {
        Authority between = AUTHORITY.intermediate("Between");
        Authority.Issued issued = between.issue("server.test");
        assertThat(issued.chain()).hasSize(2);
        assertThat(clientFailure(issued)).isNull();
        assertRefused(
                clientFailure(new Authority.Issued(issued.key(), issued.chain().subList(0, 1))),
                "was issued by CN=Between, which is not trusted",
                "send all certificates between");
    }

    @Test
    void a_weak_signature_or_key_is_refused() {
        Authority weak = Authority.create("Weak", Authority.Wish.usual().kind("RSA-2048"));
        TlsClient trusting = Certificates.client().trust(List.of(weak.certificate()));
        assertRefused(
                clientFailure(
                        trusting,
                        Tls.server(Certificates.identity(
                                weak.issue(Authority.Wish.usual().signature("MD5withRSA"), "server.test")))),
                "too weak");
        assertRefused(
                clientFailure(
                        trusting,
                        Tls.server(Certificates.identity(
                                weak.issue(Authority.Wish.usual().kind("RSA-768"), "server.test")))),
                "the certificate CN=server.test");
    }

    // ---- custom trust managers

    /** Trusts every peer, and counts. */
    private static final class Gullible implements X509TrustManager {
        final AtomicInteger asked = new AtomicInteger();

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType) {
            asked.incrementAndGet();
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType) {
            asked.incrementAndGet();
        }

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }

    /** Trusts every peer, and ignores the engine that it receives. */
    private static final class GullibleExtended extends X509ExtendedTrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }

    @Test
    void the_host_is_checked_whatever_trust_manager_there_is() {
        TlsServer server = Tls.server(Certificates.identity(Authority.selfSigned("server.test")));
        for (X509TrustManager own : List.of(new Gullible(), new GullibleExtended())) {
            assertThat(clientFailure(Certificates.client().trust(own), server)).isNull();
            assertRefused(
                    clientFailure(Certificates.client().trust(own).hostName("other.test"), server),
                    "the certificate is not for other.test");
            assertThat(clientFailure(
                            Certificates.client()
                                    .trust(own)
                                    .hostName("other.test")
                                    .insecurelyIgnoreHostName(),
                            server))
                    .isNull();
        }
    }

    @Test
    void one_who_trusts_anybody_has_to_say_so() {
        TlsServer server = Tls.server(Certificates.identity(Authority.selfSigned("server.test")));
        assertThat(clientFailure(Tls.client().insecurelyTrustAnybody().hostName("other.test"), server))
                .isNull();
        assertRefused(clientFailure(Tls.client(), server), "signed by itself");
    }

    @Test
    void what_is_too_weak_is_refused_whoever_trusts_it() {
        Authority weak = Authority.create("Weak", Authority.Wish.usual().kind("RSA-2048"));
        TlsServer server = Tls.server(
                Certificates.identity(weak.issue(Authority.Wish.usual().signature("MD5withRSA"), "server.test")));
        assertThat(clientFailure(Certificates.client().trust(new Gullible()), server))
                .isInstanceOf(TlsException.class);
    }

    @Test
    void a_name_by_no_rule_is_no_obstacle_where_nobody_checks_it() {
        assertThat(clientFailure(Tls.client().insecurelyTrustAnybody().hostName("redis_1"), Certificates.server()))
                .isNull();
        assertRefused(clientFailure(Certificates.client().hostName("redis_1"), Certificates.server()), "redis_1");
    }

    @Test
    void trusting_somebody_undoes_trusting_anybody() {
        TlsClient client =
                Tls.client().insecurelyTrustAnybody().hostName("other.test").trust(List.of(AUTHORITY.certificate()));
        assertRefused(clientFailure(client, Certificates.server()), "not for other.test");
        assertThat(client.toString()).doesNotContain("insecure");
        assertThat(client.insecurelyIgnoreHostName().toString()).contains("insecure");
        assertThat(clientFailure(
                        client.insecurelyIgnoreHostName().trust(List.of(AUTHORITY.certificate())),
                        Certificates.server()))
                .as("what was ignored by its own name stays so")
                .isNull();
    }

    @Test
    void what_is_no_host_is_refused_at_once() {
        for (String wrong : List.of("", "localhost:443", "https://x", "a b")) {
            assertThatThrownBy(() -> Tls.client().hostName(wrong))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("is no host");
        }
    }

    private static X509TrustManager throwing(Throwable thrown) {
        return new X509TrustManager() {
            @Override
            public void checkClientTrusted(X509Certificate[] chain, String authType) throws CertificateException {
                checkServerTrusted(chain, authType);
            }

            @Override
            public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
                switch (thrown) {
                    case CertificateException e -> throw e;
                    case RuntimeException e -> throw e;
                    default -> throw (Error) thrown;
                }
            }

            @Override
            public X509Certificate[] getAcceptedIssuers() {
                return new X509Certificate[0];
            }
        };
    }

    @Test
    void what_a_trust_manager_throws_is_the_failure() {
        for (Throwable thrown : List.of(
                new CertificateException("not on Sundays"),
                new IllegalStateException("no list"),
                new StackOverflowError("deep"))) {
            Throwable failure = clientFailure(Certificates.client().trust(throwing(thrown)), Certificates.server());
            assertThat(failure)
                    .isInstanceOf(TlsException.class)
                    .hasMessageContaining(thrown.getMessage())
                    .hasStackTraceContaining(thrown.getClass().getName());
        }
    }

    // ---- clients' certificates

    private static final Identity ALICE = Certificates.identity(AUTHORITY.issue());

    @Test
    void a_server_that_requires_a_certificate_refuses_who_has_none() {
        TlsServer server = Certificates.server().requireClientCertificate(List.of(AUTHORITY.certificate()));
        for (TlsVersion version : TlsVersion.values()) {
            var sides = new Side[2];
            assertThat(talk(Certificates.client().versions(version).identity(ALICE), server, sides))
                    .isNull();
            assertThat(sides[1].info().peerCertificates()).hasSize(1);
            Throwable failure = talk(Certificates.client().versions(version), server, sides);
            assertThat(sides[1].failure).isInstanceOf(TlsException.class);
            assertThat(failure)
                    .isInstanceOfSatisfying(
                            TlsException.class, e -> assertThat(e.isFromPeer()).isTrue())
                    .hasMessageContaining("certificate");
        }
    }

    @Test
    void a_server_that_wants_a_certificate_takes_who_has_none_and_refuses_a_wrong_one() {
        TlsServer server = Certificates.server().wantClientCertificate(List.of(AUTHORITY.certificate()));
        var sides = new Side[2];
        assertThat(talk(Certificates.client(), server, sides)).isNull();
        assertThat(sides[1].info().peerCertificates()).isEmpty();
        Identity stranger = Certificates.identity(Authority.create().issue());
        talk(Certificates.client().identity(stranger), server, sides);
        assertRefused(sides[1].failure, "TLS with the client", "is not trusted");
    }

    @Test
    void a_server_that_asks_for_no_certificate_gets_none() {
        var sides = new Side[2];
        assertThat(talk(Certificates.client().identity(ALICE), Certificates.server(), sides))
                .isNull();
        assertThat(sides[1].info().peerCertificates()).isEmpty();
    }

    // ---- nothing in common

    @Test
    void versions_that_have_nothing_in_common_are_named() {
        var sides = new Side[2];
        Throwable failure = talk(
                Certificates.client().versions(TlsVersion.TLS_1_2),
                Certificates.server().versions(TlsVersion.TLS_1_3),
                sides);
        assertRefused(failure, "alert protocol_version", "no version of TLS that we speak");
        assertRefused(sides[1].failure, "TLSv1.2");
    }

    @Test
    void cipher_suites_that_have_nothing_in_common_fail() {
        Throwable failure = clientFailure(
                Certificates.client().cipherSuites("TLS_AES_128_GCM_SHA256"),
                Certificates.server().cipherSuites("TLS_AES_256_GCM_SHA384"));
        assertRefused(failure, "alert handshake_failure", "no cipher suite in common");
    }

    @Test
    void protocols_are_chosen_by_the_server_and_refused_if_none_fits() {
        var sides = new Side[2];
        TlsServer server = Certificates.server().alpn("two", "one");
        assertThat(talk(Certificates.client().alpn("one", "two"), server, sides))
                .isNull();
        assertThat(sides[0].info().applicationProtocol()).isEqualTo("two");
        assertThat(sides[1].info().applicationProtocol()).isEqualTo("two");
        assertThat(talk(Certificates.client(), server, sides)).isNull();
        assertThat(sides[0].info().applicationProtocol()).isNull();
        assertThat(talk(Certificates.client().alpn("one"), Certificates.server(), sides))
                .isNull();
        assertThat(sides[0].info().applicationProtocol()).isNull();
        assertRefused(
                clientFailure(Certificates.client().alpn("three"), server),
                "alert no_application_protocol",
                "none of the protocols");
    }

    private static <T> T changed(T layer, List<UnaryOperator<T>> changes, int first) {
        T result = layer;
        for (int i = 0; i < changes.size(); i++) {
            result = changes.get((first + i) % changes.size()).apply(result);
        }
        return result;
    }

    @Test
    void what_was_set_stays_so_whatever_is_set_after_it() {
        String suite = "TLS_CHACHA20_POLY1305_SHA256";
        List<X509Certificate> roots = List.of(AUTHORITY.certificate());
        List<UnaryOperator<TlsServer>> ofServer = List.of(
                tls -> tls.alpn("one"),
                tls -> tls.versions(TlsVersion.TLS_1_3),
                tls -> tls.cipherSuites(suite),
                tls -> tls.handshakeTimeout(Duration.ofSeconds(7)),
                tls -> tls.requireClientCertificate(roots));
        List<UnaryOperator<TlsClient>> ofClient = List.of(
                tls -> tls.alpn("one"),
                tls -> tls.versions(TlsVersion.TLS_1_3),
                tls -> tls.cipherSuites(suite),
                tls -> tls.handshakeTimeout(Duration.ofSeconds(7)),
                tls -> tls.identity(ALICE),
                tls -> tls.hostName("server.test"),
                tls -> tls.trust(roots));
        TlsClient open = Certificates.client().alpn("one").identity(ALICE);
        for (int first = 0; first < ofServer.size(); first++) {
            TlsServer server = changed(Certificates.server(), ofServer, first);
            assertHolds(open, server, suite);
            assertRefused(clientFailure(open.versions(TlsVersion.TLS_1_2), server), "protocol_version");
            assertThat(overdue(server)).hasMessageContaining("7000 ms");
        }
        TlsServer anything = Certificates.server().alpn("one").requireClientCertificate(roots);
        TlsServer other = Tls.server(Certificates.of("other.test"));
        for (int first = 0; first < ofClient.size(); first++) {
            TlsClient client = changed(Tls.client(), ofClient, first);
            assertHolds(client, anything, suite);
            assertRefused(clientFailure(client, other), "not for server.test but for other.test");
            assertRefused(
                    clientFailure(client, Certificates.server().versions(TlsVersion.TLS_1_2)), "protocol_version");
            assertThat(overdue(client)).hasMessageContaining("7000 ms");
            TlsClient careless = changed(Tls.client().insecurelyTrustAnybody(), ofClient.subList(0, 6), first % 6);
            assertThat(clientFailure(careless, other)).isNull();
        }
    }

    private static void assertHolds(TlsClient client, TlsServer server, String suite) {
        var sides = new Side[2];
        assertThat(talk(client, server, sides)).isNull();
        assertThat(sides[1].failure).isNull();
        for (Side side : sides) {
            assertThat(side.info().applicationProtocol()).isEqualTo("one");
            assertThat(side.info().version()).isEqualTo(TlsVersion.TLS_1_3);
            assertThat(side.info().cipherSuite()).isEqualTo(suite);
            assertThat(side.info().peerCertificates()).hasSize(1);
        }
    }

    private static @Nullable Throwable overdue(ByteLayer layer) {
        var side = new Side(layer, 1);
        side.expireTimer();
        return side.failure;
    }

    @Test
    void what_takes_long_is_made_once_and_not_on_the_loop() throws Exception {
        var made = new AtomicInteger();
        var context = new LazyContext(null, () -> {
            made.incrementAndGet();
            return Verifier.byNobody();
        });
        assertThat(context.isQuick(null)).isFalse();
        SSLContext first = context.get(null);
        assertThat(context.isQuick(null)).isTrue();
        assertThat(context.get(null)).isSameAs(first);
        assertThat(made).hasValue(1);
    }

    // ---- names

    @Test
    void a_server_shows_each_name_its_own_certificate() {
        Identity one = Certificates.of("one.test");
        Identity two = Certificates.of("two.test");
        TlsServer server = Tls.server(
                name -> name == null ? null : name.equals("one.test") ? one : name.equals("two.test") ? two : null);
        for (String name : List.of("one.test", "TWO.test")) {
            var sides = new Side[2];
            assertThat(talk(Certificates.client().hostName(name), server, sides))
                    .isNull();
            assertThat(sides[1].info().serverName()).isEqualToIgnoringCase(name);
        }
        assertRefused(clientFailure(Certificates.client().hostName("three.test"), server), "unrecognized_name");
        assertRefused(clientFailure(Certificates.client().hostName("127.0.0.1"), server), "unrecognized_name");
    }

    @Test
    void a_function_of_names_that_throws_refuses() {
        for (Throwable thrown : List.of(new IllegalStateException("no list"), new StackOverflowError("deep"))) {
            TlsServer server = Tls.server(name -> {
                if (thrown instanceof Error error) {
                    throw error;
                }
                throw (RuntimeException) thrown;
            });
            var sides = new Side[2];
            Throwable failure = talk(Certificates.client(), server, sides);
            assertRefused(failure, "alert internal_error");
            assertRefused(sides[1].failure, thrown.getMessage());
        }
    }

    // ---- identities

    @Test
    void a_key_that_is_not_that_of_the_certificate_is_refused_at_once() {
        for (String kind : List.of("EC", "RSA-2048", "Ed25519")) {
            Authority.Issued one = AUTHORITY.issue(Authority.Wish.usual().kind(kind), "a.test");
            Authority.Issued other = AUTHORITY.issue(Authority.Wish.usual().kind(kind), "b.test");
            assertThat(Identity.of(one.key(), one.chain()).chain()).isEqualTo(one.chain());
            assertThatThrownBy(() -> Identity.of(one.key(), other.chain()))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("CN=b.test");
        }
        assertThatThrownBy(() -> Identity.of(AUTHORITY.issue().key(), List.of()))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void every_kind_of_key_serves() {
        for (String kind : List.of("EC", "RSA-2048", "Ed25519")) {
            for (TlsVersion version : TlsVersion.values()) {
                TlsServer server = Tls.server(Certificates.identity(
                        AUTHORITY.issue(Authority.Wish.usual().kind(kind), "server.test")));
                assertThat(clientFailure(Certificates.client().versions(version), server))
                        .as(kind + " " + version)
                        .isNull();
            }
        }
    }

    @Test
    void no_text_of_an_identity_shows_its_key() {
        assertThat(ALICE.toString()).isEqualTo("Identity[CN=a client]");
    }

    @Test
    void a_cipher_suite_that_there_is_not_is_refused_at_once_with_those_that_there_are() {
        assertThatThrownBy(() -> Tls.client().cipherSuites("TLS_AES_256_GCM_SHA384", "ECDHE-RSA-AES256-GCM-SHA384"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContainingAll("\"ECDHE-RSA-AES256-GCM-SHA384\"", "TLS_AES_128_GCM_SHA256");
        assertThatThrownBy(() -> Certificates.server().cipherSuites("none"))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void a_key_of_another_kind_than_the_certificates_is_not_its_key() throws Exception {
        var issued = AUTHORITY.issue();
        for (String kind : List.of("Ed25519", "X25519")) {
            var other = KeyPairGenerator.getInstance(kind).generateKeyPair().getPrivate();
            assertThatThrownBy(() -> Identity.of(other, issued.chain()))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("is not that of the first certificate");
        }
    }
}
