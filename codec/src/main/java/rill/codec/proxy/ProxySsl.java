package rill.codec.proxy;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a proxy reports about the TLS between its client and itself. Immutable; each method with a parameter returns a changed copy.
 *
 * <p><b>Source:</b> the PROXY protocol, 2.2.6.
 */
public final class ProxySsl {
    private static final int TLS = 1;
    private static final int CERTIFICATE_NOW = 2;
    private static final int CERTIFICATE_IN_SESSION = 4;
    private static final int BEFORE_PARTS = 5;

    private final int client; // bits
    private final int verify;
    private final List<ProxyTlv> parts;

    private ProxySsl(int client, int verify, List<ProxyTlv> parts) {
        this.client = client;
        this.verify = verify;
        this.parts = List.copyOf(parts);
    }

    /** TLS of this version, such as {@code TLSv1.3}, without a client certificate. */
    public static ProxySsl of(String version) {
        return new ProxySsl(TLS, 1, List.of()).with(TlvType.SSL_VERSION, version);
    }

    /**
     * Adds that the client presented a certificate.
     *
     * @param onConnection whether it was presented on this connection; otherwise on an earlier one of the same session
     * @param verified whether the proxy verified it
     */
    public ProxySsl certificate(boolean onConnection, boolean verified) {
        int bits = (client & ~CERTIFICATE_NOW) | CERTIFICATE_IN_SESSION | (onConnection ? CERTIFICATE_NOW : 0);
        return new ProxySsl(bits, verified ? 0 : 1, parts);
    }

    /** Adds the cipher, such as {@code TLS_AES_128_GCM_SHA256}. */
    public ProxySsl cipher(String name) {
        return with(TlvType.SSL_CIPHER, name);
    }

    /** Adds the common name from the client's certificate. */
    public ProxySsl commonName(String name) {
        return with(TlvType.SSL_COMMON_NAME, name);
    }

    private ProxySsl with(TlvType type, String text) {
        return with(ProxyTlv.of(type.code, text));
    }

    /**
     * Adds this TLV.
     *
     * @throws IllegalArgumentException if its value does not fit its type, or the type is already present
     */
    public ProxySsl with(ProxyTlv part) {
        var all = new ArrayList<>(parts);
        all.add(part);
        String wrong = Tlvs.wrongIn(all);
        if (wrong != null) {
            throw new IllegalArgumentException(wrong);
        }
        return new ProxySsl(client, verify, all);
    }

    // ---- reading

    /** Whether the client spoke TLS. */
    public boolean tls() {
        return (client & TLS) != 0;
    }

    /** Whether the client presented a certificate on this connection, valid or not. */
    public boolean certificateOnConnection() {
        return (client & CERTIFICATE_NOW) != 0;
    }

    /** Whether the client presented a certificate in this TLS session, on this connection or an earlier one, valid or not. */
    public boolean certificateInSession() {
        return (client & CERTIFICATE_IN_SESSION) != 0;
    }

    /**
     * Whether the client presented a certificate and the proxy verified it. (Without a certificate, proxies may also send the result 0, which means
     * success.)
     */
    public boolean certificateVerified() {
        return verify == 0 && (client & (CERTIFICATE_NOW | CERTIFICATE_IN_SESSION)) != 0;
    }

    /** The proxy's verification result; 0 if it found no fault. */
    public int verifyResult() {
        return verify;
    }

    /** The version of TLS. This and all that follows are null if the proxy does not report them. */
    public @Nullable String version() {
        return Tlvs.text(parts, TlvType.SSL_VERSION);
    }

    /** The cipher. */
    public @Nullable String cipher() {
        return Tlvs.text(parts, TlvType.SSL_CIPHER);
    }

    /** The common name in the client's certificate. It identifies the client only if the certificate was verified. */
    public @Nullable String commonName() {
        return Tlvs.text(parts, TlvType.SSL_COMMON_NAME);
    }

    /** The algorithm that the proxy's certificate is signed with. */
    public @Nullable String signatureAlgorithm() {
        return Tlvs.text(parts, TlvType.SSL_SIGNATURE_ALGORITHM);
    }

    /** The algorithm of the key in the proxy's certificate. */
    public @Nullable String keyAlgorithm() {
        return Tlvs.text(parts, TlvType.SSL_KEY_ALGORITHM);
    }

    /** The client's certificate, in DER; a copy. */
    public byte @Nullable [] clientCertificate() {
        ProxyTlv found = Tlvs.find(parts, TlvType.SSL_CLIENT_CERTIFICATE.code);
        return found == null ? null : found.value();
    }

    /** All TLVs in their order, including those with a method here. */
    public List<ProxyTlv> parts() {
        return parts;
    }

    // ---- as bytes

    ProxyTlv toTlv() {
        ByteBuffer bytes = ByteBuffer.allocate(BEFORE_PARTS + Tlvs.size(parts));
        bytes.put((byte) client).putInt(verify);
        Tlvs.write(parts, bytes);
        return ProxyTlv.of(TlvType.SSL.code, bytes.array());
    }

    /**
     * @throws IllegalArgumentException with the wording of a violation
     */
    static ProxySsl of(ProxyTlv tlv) {
        ByteBuffer bytes = ByteBuffer.wrap(tlv.bytes());
        int client = Byte.toUnsignedInt(bytes.get());
        int verify = bytes.getInt();
        return new ProxySsl(client, verify, Tlvs.read(bytes));
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ProxySsl ssl && ssl.client == client && ssl.verify == verify && ssl.parts.equals(parts);
    }

    @Override
    public int hashCode() {
        return 31 * (31 * client + verify) + parts.hashCode();
    }

    @Override
    public String toString() {
        return "ProxySsl[" + version() + ", " + cipher() + ", certificateVerified=" + certificateVerified() + "]";
    }
}
