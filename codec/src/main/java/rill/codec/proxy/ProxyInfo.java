package rill.codec.proxy;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What a proxy tells a server about a connection that it passes on: a header of the PROXY protocol. Immutable; each method with a parameter returns a
 * changed copy.
 *
 * <p>A server over {@link ProxyProtocol#server} gets it from {@code connection.info(ProxyInfo.class)}. The client's address is
 *
 * <pre>{@code
 * connection.info(ProxyInfo.class).map(ProxyInfo::source).orElse(connection.remoteAddress())
 * }</pre>
 *
 * <p>A client passes one to {@link ProxyProtocol#client}.
 *
 * <p><b>Source:</b> the PROXY protocol, versions 1 and 2, 2.1 and 2.2.
 */
public final class ProxyInfo {
    /** The kind of connection that the header describes. */
    enum Kind {
        LOCAL,
        UNKNOWN,
        STREAM,
        DATAGRAM
    }

    static final int LONGEST_PATH = 108;

    private final int version;
    private final Kind kind;
    private final @Nullable SocketAddress source;
    private final @Nullable SocketAddress destination;
    private final List<ProxyTlv> tlvs;
    private final @Nullable ProxySsl ssl;
    private final boolean checksum;

    /**
     * @throws IllegalArgumentException with the wording of a violation, if the TLVs are not valid
     */
    ProxyInfo(
            int version,
            Kind kind,
            @Nullable SocketAddress source,
            @Nullable SocketAddress destination,
            List<ProxyTlv> tlvs,
            boolean checksum) {
        this.version = version;
        this.kind = kind;
        this.source = source;
        this.destination = destination;
        this.tlvs = List.copyOf(tlvs);
        this.checksum = checksum;
        String wrong = Tlvs.wrongIn(tlvs);
        if (wrong != null) {
            throw new IllegalArgumentException(wrong);
        }
        ProxyTlv told = Tlvs.find(tlvs, TlvType.SSL.code);
        ssl = told == null ? null : ProxySsl.of(told);
    }

    // ---- building one

    /** Version 1, a line of text: a TCP connection between these addresses, both IP. */
    public static ProxyInfo v1(SocketAddress source, SocketAddress destination) {
        requirePair(
                source instanceof InetSocketAddress && destination instanceof InetSocketAddress, source, destination);
        return new ProxyInfo(1, Kind.STREAM, told(source), told(destination), List.of(), false);
    }

    /** Version 1, for a connection of which nothing is known. Not every server accepts it. */
    public static ProxyInfo v1Unknown() {
        return new ProxyInfo(1, Kind.UNKNOWN, null, null, List.of(), false);
    }

    /** Version 2: a connection between these addresses, both IP or both Unix domain sockets. */
    public static ProxyInfo v2(SocketAddress source, SocketAddress destination) {
        boolean inet = source instanceof InetSocketAddress && destination instanceof InetSocketAddress;
        boolean unix = source instanceof UnixDomainSocketAddress && destination instanceof UnixDomainSocketAddress;
        requirePair(inet || unix, source, destination);
        return new ProxyInfo(2, Kind.STREAM, told(source), told(destination), List.of(), false);
    }

    /** Version 2, for a connection that the sender makes for itself, such as a probe. */
    public static ProxyInfo v2Local() {
        return new ProxyInfo(2, Kind.LOCAL, null, null, List.of(), false);
    }

    /** Version 2, for a connection of which nothing is known. Not every server accepts it. */
    public static ProxyInfo v2Unknown() {
        return new ProxyInfo(2, Kind.UNKNOWN, null, null, List.of(), false);
    }

    private static void requirePair(boolean fits, SocketAddress source, SocketAddress destination) {
        if (!fits) {
            throw new IllegalArgumentException(
                    "the PROXY protocol has no words for a connection from " + source + " to " + destination);
        }
    }

    /** The address as the other side will see it: without a name and without a scope. */
    private static SocketAddress told(SocketAddress address) {
        if (address instanceof InetSocketAddress inet) {
            if (inet.isUnresolved()) {
                throw new IllegalArgumentException(address + " has to be looked up first");
            }
            return new InetSocketAddress(Literals.address(inet.getAddress().getAddress()), inet.getPort());
        }
        int bytes = address.toString().getBytes(StandardCharsets.UTF_8).length;
        if (bytes > LONGEST_PATH) {
            throw new IllegalArgumentException(
                    "the path of a Unix domain socket has up to " + LONGEST_PATH + " bytes, not " + bytes);
        }
        return address;
    }

    /** Marks the addresses as those of datagrams, which this connection carries as a stream. */
    public ProxyInfo datagrams() {
        requireDetails();
        return new ProxyInfo(version, Kind.DATAGRAM, source, destination, tlvs, checksum);
    }

    /** Adds the protocol that ALPN agreed on, in Latin 1. */
    public ProxyInfo alpn(String protocol) {
        return with(ProxyTlv.of(TlvType.ALPN.code, protocol.getBytes(StandardCharsets.ISO_8859_1)));
    }

    /** Adds the host that the client asked for, for example by SNI. */
    public ProxyInfo authority(String host) {
        return with(ProxyTlv.of(TlvType.AUTHORITY.code, host));
    }

    /** Adds an identifier of the connection, of up to 128 bytes. */
    public ProxyInfo uniqueId(byte[] id) {
        return with(ProxyTlv.of(TlvType.UNIQUE_ID.code, id));
    }

    /** Adds what is known of TLS. */
    public ProxyInfo ssl(ProxySsl told) {
        return with(told.toTlv());
    }

    /**
     * Adds this TLV after the others.
     *
     * @throws IllegalArgumentException if its value does not fit its type, or the type is already present; if this is version 1 or has no addresses,
     *     and so has no room for it; if it is a checksum, for which there is {@link #withChecksum}, or padding
     */
    public ProxyInfo with(ProxyTlv tlv) {
        requireDetails();
        if (tlv.type() == TlvType.CRC32C.code || tlv.type() == TlvType.NOOP.code) {
            throw new IllegalArgumentException("a " + TlvType.of(tlv.type()) + " is not given by hand");
        }
        var all = new ArrayList<>(tlvs);
        all.add(tlv);
        if (Tlvs.size(all) > HeaderV2.LARGEST_TLVS) {
            throw new IllegalArgumentException(
                    "all TLVs together have up to " + HeaderV2.LARGEST_TLVS + " bytes, not " + Tlvs.size(all));
        }
        return new ProxyInfo(version, kind, source, destination, all, checksum);
    }

    /** Adds a checksum (CRC32C) of the header. */
    public ProxyInfo withChecksum() {
        requireDetails();
        return new ProxyInfo(version, kind, source, destination, tlvs, true);
    }

    private void requireDetails() {
        if (version == 1 || source == null) {
            throw new IllegalArgumentException(
                    "only a header of version 2 with addresses has room for more: ProxyInfo.v2");
        }
    }

    // ---- reading one

    /** The version of the protocol: 1 or 2. */
    public int version() {
        return version;
    }

    /** Whether the proxy made the connection for itself, for example as a health check. */
    public boolean local() {
        return kind == Kind.LOCAL;
    }

    /** Whether the proxy relays datagrams. */
    public boolean datagram() {
        return kind == Kind.DATAGRAM;
    }

    Kind kind() {
        return kind;
    }

    /**
     * The address that connected to the proxy. Null if the connection is {@link #local}, if the proxy knows nothing of it, or if Java can't express
     * the address (an abstract name of a Unix domain socket). In these cases, use the addresses of the connection itself.
     */
    public @Nullable SocketAddress source() {
        return source;
    }

    /** The proxy's address that the client connected to; null as for {@link #source}. */
    public @Nullable SocketAddress destination() {
        return destination;
    }

    /** The protocol that ALPN agreed on, in Latin 1. This and all that follows are null if the proxy does not report them. */
    public @Nullable String alpn() {
        ProxyTlv found = Tlvs.find(tlvs, TlvType.ALPN.code);
        return found == null ? null : new String(found.bytes(), StandardCharsets.ISO_8859_1);
    }

    /** The host that the client asked for, for example by SNI. */
    public @Nullable String authority() {
        return Tlvs.text(tlvs, TlvType.AUTHORITY);
    }

    /** The identifier of the connection; a copy. */
    public byte @Nullable [] uniqueId() {
        ProxyTlv found = Tlvs.find(tlvs, TlvType.UNIQUE_ID.code);
        return found == null ? null : found.value();
    }

    /** The network namespace in which the client reached the proxy. */
    public @Nullable String networkNamespace() {
        return Tlvs.text(tlvs, TlvType.NETWORK_NAMESPACE);
    }

    /** What the proxy reports about TLS. */
    public @Nullable ProxySsl ssl() {
        return ssl;
    }

    /** The value of the first TLV of this type; a copy. */
    public byte @Nullable [] tlv(int type) {
        ProxyTlv found = Tlvs.find(tlvs, type);
        return found == null ? null : found.value();
    }

    /** All TLVs in their order, including those with a method here, without checksum and padding. */
    public List<ProxyTlv> tlvs() {
        return tlvs;
    }

    /** Whether the header had a checksum. It was correct, or the header would have been refused. */
    public boolean checksum() {
        return checksum;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ProxyInfo info
                && info.version == version
                && info.kind == kind
                && info.checksum == checksum
                && Objects.equals(info.source, source)
                && Objects.equals(info.destination, destination)
                && info.tlvs.equals(tlvs);
    }

    @Override
    public int hashCode() {
        return Objects.hash(version, kind, source, destination, tlvs, checksum);
    }

    @Override
    public String toString() {
        String what = source == null
                ? kind.name()
                : Wording.address(source) + " to " + Wording.address(Objects.requireNonNull(destination));
        return "PROXY v" + version + " " + what + (tlvs.isEmpty() ? "" : " " + tlvs);
    }
}
