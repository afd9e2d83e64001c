package rill.codec.proxy;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import rill.ProtocolException;

/**
 * The line of text, of up to 107 bytes, that begins a connection in version 1 of the PROXY protocol:
 *
 * <pre>
 *  PROXY TCP4 source destination port port CR LF
 *  PROXY TCP6 source destination port port CR LF
 *  PROXY UNKNOWN, and whatever follows, CR LF
 * </pre>
 */
final class HeaderV1 {
    private static final String PROXY = "PROXY ";
    static final byte[] SIGNATURE = {'P', 'R', 'O', 'X', 'Y', ' '};

    /** Including CR LF. */
    static final int LONGEST = 107;

    private static final String TCP4 = "TCP4";
    private static final String TCP6 = "TCP6";
    private static final String UNKNOWN = "UNKNOWN";
    private static final int PARTS = 6;
    private static final int LARGEST_PORT = 0xFFFF;
    private static final ProxyInfo NOTHING_KNOWN = ProxyInfo.v1Unknown();

    private HeaderV1() {}

    // ---- reading

    /** @param line from {@code PROXY} on, without its CR LF */
    static ProxyInfo parse(String line) throws ProtocolException {
        if (line.equals(PROXY + UNKNOWN) || line.startsWith(PROXY + UNKNOWN + " ")) {
            return NOTHING_KNOWN;
        }
        String[] parts = line.split(" ", -1);
        boolean v4 = parts[1].equals(TCP4);
        if (!v4 && !parts[1].equals(TCP6)) {
            throw violation(line, parts, 1, "TCP4, TCP6 or UNKNOWN");
        }
        if (parts.length != PARTS) {
            throw new ProtocolException(
                    line.length(),
                    "expected a PROXY header with two addresses and two ports, found " + parts.length + " words");
        }
        InetAddress source = address(line, parts, 2, v4);
        InetAddress destination = address(line, parts, 3, v4);
        SocketAddress from = new InetSocketAddress(source, port(line, parts, 4));
        SocketAddress to = new InetSocketAddress(destination, port(line, parts, 5));
        return new ProxyInfo(1, ProxyInfo.Kind.STREAM, from, to, List.of(), false);
    }

    private static InetAddress address(String line, String[] parts, int index, boolean v4) throws ProtocolException {
        byte @Nullable [] bytes = v4 ? Literals.v4(parts[index]) : Literals.v6(parts[index]);
        if (bytes == null) {
            throw violation(line, parts, index, v4 ? "an address of IPv4" : "an address of IPv6");
        }
        return Literals.address(bytes);
    }

    private static int port(String line, String[] parts, int index) throws ProtocolException {
        int port = Literals.number(parts[index], LARGEST_PORT);
        if (port < 0) {
            throw violation(line, parts, index, "a port");
        }
        return port;
    }

    private static ProtocolException violation(String line, String[] parts, int index, String expected) {
        int at = 0;
        for (int i = 0; i < index; i++) {
            at += parts[i].length() + 1;
        }
        return new ProtocolException(
                Math.min(at, line.length()),
                "expected " + expected + " in a PROXY header, found \"" + Wording.excerpt(parts[index]) + "\"");
    }

    // ---- writing

    static String write(ProxyInfo info) {
        if (info.kind() == ProxyInfo.Kind.UNKNOWN) {
            return PROXY + UNKNOWN + "\r\n";
        }
        var source = (InetSocketAddress) Objects.requireNonNull(info.source());
        var destination = (InetSocketAddress) Objects.requireNonNull(info.destination());
        boolean v4 = source.getAddress() instanceof Inet4Address && destination.getAddress() instanceof Inet4Address;
        return PROXY
                + (v4 ? TCP4 : TCP6)
                + " " + text(source, v4)
                + " " + text(destination, v4)
                + " " + source.getPort()
                + " " + destination.getPort()
                + "\r\n";
    }

    private static String text(InetSocketAddress address, boolean v4) {
        byte[] bytes = address.getAddress().getAddress();
        if (v4) {
            return address.getAddress().getHostAddress();
        }
        byte[] wide = Literals.asV6(bytes);
        var text = new StringBuilder();
        for (int i = 0; i < wide.length; i += 2) {
            int group = (Byte.toUnsignedInt(wide[i]) << Byte.SIZE) | Byte.toUnsignedInt(wide[i + 1]);
            text.append(i == 0 ? "" : ":").append(Integer.toHexString(group));
        }
        return text.toString();
    }
}
