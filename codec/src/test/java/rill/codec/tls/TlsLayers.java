package rill.codec.tls;

import java.util.Map;
import rill.ByteLayer;
import rill.testkit.Authority;

/** TLS as one layer for both ends, each of which takes its own role. */
public final class TlsLayers {
    private TlsLayers() {}

    /** TLS 1.3 by name. TLS 1.2 has no half-close, so it would fail for reasons that the storms do not know. */
    public static Map<String, ByteLayer> made() {
        return Map.of("tls", both(TlsVersion.TLS_1_3));
    }

    private static ByteLayer both(TlsVersion version) {
        TlsClient client = Certificates.client().versions(version);
        // Ed25519 signatures all have the same length, so a seed gives at least the same number of bytes each time.
        TlsServer server = Tls.server(Certificates.identity(
                Certificates.AUTHORITY.issue(Authority.Wish.usual().kind("Ed25519"), "server.test")));
        return context -> context.target() == null ? server.open(context) : client.open(context);
    }
}
