package rill.codec.tls;

import java.util.Map;
import rill.ByteLayer;
import rill.testkit.Authority;

/** TLS as one layer for both ends, each of which takes its part. */
public final class TlsLayers {
    private TlsLayers() {}

    /** TLS 1.3 by name; 1.2 has no half-close, and so fails for reasons that no storm knows of. */
    public static Map<String, ByteLayer> made() {
        return Map.of("tls", both(TlsVersion.TLS_1_3));
    }

    private static ByteLayer both(TlsVersion version) {
        TlsClient client = Certificates.client().versions(version);
        // Of a kind whose signatures always have the same length: so a seed gives the same bytes each time, or as many.
        TlsServer server = Tls.server(Certificates.identity(
                Certificates.AUTHORITY.issue(Authority.Wish.usual().kind("Ed25519"), "server.test")));
        return context -> context.target() == null ? server.open(context) : client.open(context);
    }
}
