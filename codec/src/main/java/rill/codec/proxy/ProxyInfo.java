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
 * What a proxy tells a server of a connection that it passes on: a header of the PROXY protocol. Immutable; each method with a parameter gives
 * a changed copy.
 *
 * <p>A server finds it by {@code connection.info(ProxyInfo.class)}, over {@link ProxyProtocol#server}; the address to go by is
 *
 * <pre>{@code
 * connection.info(ProxyInfo.class).map(ProxyInfo::source).orElse(connection.remoteAddress())
 * }</pre>
 *
 * <p>A client gives one to {@link ProxyProtocol#client}.
 *
 * <p><b>Source:</b> the PROXY protocol, versions 1 and 2, 2.1 and 2.2.
 */
public final class ProxyInfo {
    /** What the addresses are those of. */
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

    /** @throws IllegalArgumentException in the words of a violation, if the TLVs are not what they should be */
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

    // ---- to be told

    /** Version 1, which is a line of text: a connection of TCP between these addresses, of IP both. */
    public static ProxyInfo v1(SocketAddress source, SocketAddress destination) {
        requirePair(
                source instanceof InetSocketAddress && destination instanceof InetSocketAddress, source, destination);
        return new ProxyInfo(1, Kind.STREAM, told(source), told(destination), List.of(), false);
    }

    /** Version 1, of a connection of which nothing is known. Not every server takes it. */
    public static ProxyInfo v1Unknown() {
        return new ProxyInfo(1, Kind.UNKNOWN, null, null, List.of(), false);
    }

    /** Version 2: a connection between these addresses, both of IP or both of Unix domain sockets. */
    public static ProxyInfo v2(SocketAddress source, SocketAddress destination) {
        boolean inet = source instanceof InetSocketAddress && destination instanceof InetSocketAddress;
        boolean unix = source instanceof UnixDomainSocketAddress && destination instanceof UnixDomainSocketAddress;
        requirePair(inet || unix, source, destination);
        return new ProxyInfo(2, Kind.STREAM, told(source), told(destination), List.of(), false);
    }

    /** Version 2, of a connection that the sender makes for itself, such as a probe. */
    public static ProxyInfo v2Local() {
        return new ProxyInfo(2, Kind.LOCAL, null, null, List.of(), false);
    }

    /** Version 2, of a connection of which nothing is known. Not every server takes it. */
    public static ProxyInfo v2Unknown() {
        return new ProxyInfo(2, Kind.UNKNOWN, null, null, List.of(), false);
    }

    private static void requirePair(boolean fits, SocketAddress source, SocketAddress destination) {
        if (!fits) {
            throw new IllegalArgumentException(
                    "the PROXY protocol has no words for a connection from " + source + " to " + destination);
        }
    }

    /** As it comes out on the other side: without a name, and without a scope. */
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

    /** Of datagrams, which this connection passes on as a stream. */
    public ProxyInfo datagrams() {
        requireDetails();
        return new ProxyInfo(version, Kind.DATAGRAM, source, destination, tlvs, checksum);
    }

    /** With the protocol that was agreed on by ALPN, in Latin 1. */
    public ProxyInfo alpn(String protocol) {
        return with(ProxyTlv.of(TlvType.ALPN.code, protocol.getBytes(StandardCharsets.ISO_8859_1)));
    }

    /** With the host that the client has named, such as by SNI. */
    public ProxyInfo authority(String host) {
        return with(ProxyTlv.of(TlvType.AUTHORITY.code, host));
    }

    /** With what identifies the connection: up to 128 bytes. */
    public ProxyInfo uniqueId(byte[] id) {
        return with(ProxyTlv.of(TlvType.UNIQUE_ID.code, id));
    }

    /** With what there is to tell of TLS. */
    public ProxyInfo ssl(ProxySsl told) {
        return with(told.toTlv());
    }

    /**
     * With this piece, after the others.
     *
     * @throws IllegalArgumentException if it is not what its type says, or is there already; in version 1 and where nothing is told, which
     *     have no room for it; for a checksum, for which there is {@link #withChecksum}, and for padding
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

    /** With a checksum (CRC32C) over the header. */
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

    // ---- what is told

    /** The version of the protocol: 1 or 2. */
    public int version() {
        return version;
    }

    /** Whether the proxy has made the connection for itself, such as to see whether the server is there. */
    public boolean local() {
        return kind == Kind.LOCAL;
    }

    /** Whether the proxy passes on datagrams. */
    public boolean datagram() {
        return kind == Kind.DATAGRAM;
    }

    Kind kind() {
        return kind;
    }

    /**
     * Who has connected to the proxy. Null if the connection is {@link #local}, if the proxy knows nothing of it, or if Java has no words for
     * the address (an abstract name of a Unix domain socket): then the addresses of the connection itself are what there is to go by.
     */
    public @Nullable SocketAddress source() {
        return source;
    }

    /** To which address of the proxy; null as for {@link #source}. */
    public @Nullable SocketAddress destination() {
        return destination;
    }

    /** The protocol that was agreed on by ALPN, in Latin 1; null if that is not told, as for all that follows. */
    public @Nullable String alpn() {
        ProxyTlv found = Tlvs.find(tlvs, TlvType.ALPN.code);
        return found == null ? null : new String(found.bytes(), StandardCharsets.ISO_8859_1);
    }

    /** The host that the client has named, such as by SNI. */
    public @Nullable String authority() {
        return Tlvs.text(tlvs, TlvType.AUTHORITY);
    }

    /** What identifies the connection; a copy. */
    public byte @Nullable [] uniqueId() {
        ProxyTlv found = Tlvs.find(tlvs, TlvType.UNIQUE_ID.code);
        return found == null ? null : found.value();
    }

    /** The name space of the network that the proxy was reached in. */
    public @Nullable String networkNamespace() {
        return Tlvs.text(tlvs, TlvType.NETWORK_NAMESPACE);
    }

    /** What the proxy tells of TLS. */
    public @Nullable ProxySsl ssl() {
        return ssl;
    }

    /** The first piece of this type; a copy of its value. */
    public byte @Nullable [] tlv(int type) {
        ProxyTlv found = Tlvs.find(tlvs, type);
        return found == null ? null : found.value();
    }

    /** All pieces, in their order, those with a name here as well; without checksum and padding. */
    public List<ProxyTlv> tlvs() {
        return tlvs;
    }

    /** Whether there is a checksum over the header; it was right. */
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
