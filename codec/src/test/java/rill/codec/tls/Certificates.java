package rill.codec.tls;

import java.util.List;
import rill.testkit.Authority;

/** The certificates that the tests use. */
final class Certificates {
    static final Authority AUTHORITY = Authority.create();

    private Certificates() {}

    static Identity identity(Authority.Issued issued) {
        return Identity.of(issued.key(), issued.chain());
    }

    static Identity of(String... hosts) {
        return identity(AUTHORITY.issue(hosts));
    }

    static TlsClient client() {
        return Tls.client().trust(List.of(AUTHORITY.certificate())).hostName("server.test");
    }

    static TlsServer server() {
        return Tls.server(of("server.test"));
    }
}
