package rill.codec.proxy;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * The target that a proxy is asked to connect to.
 *
 * @param name an ASCII name, for the proxy to look up; null if there is an address
 * @param address null if there is a name
 * @param port 1 or greater
 */
record Destination(@Nullable String name, @Nullable InetAddress address, int port) {
    private static final int LONGEST_NAME = 255;

    /**
     * @throws IllegalArgumentException if proxies can't be asked for this target
     */
    static Destination of(SocketAddress target) {
        if (!(target instanceof InetSocketAddress inet)) {
            throw new IllegalArgumentException(
                    target + " can't be reached through a proxy: it has to be a name or an IP address, and a port");
        }
        if (inet.getPort() == 0) {
            throw new IllegalArgumentException(target + " can't be connected to: port 0 is none");
        }
        InetAddress known = inet.isUnresolved() ? Literals.parse(inet.getHostString()) : inet.getAddress();
        if (known != null) {
            requireGlobal(known);
            return new Destination(null, known, inet.getPort());
        }
        return new Destination(requireName(inet.getHostString()), null, inet.getPort());
    }

    private static void requireGlobal(InetAddress address) {
        if (address instanceof Inet6Address v6 && v6.getScopeId() != 0) {
            throw new IllegalArgumentException(address.getHostAddress()
                    + " can't be reached through a proxy: its scope means something on this machine alone");
        }
    }

    /** A text that could be taken for anything but a name is not passed on. */
    private static String requireName(String name) {
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            if (c > 0x7F) {
                throw new IllegalArgumentException(
                        "the name " + name + " is not of ASCII: give what java.net.IDN.toASCII makes of it");
            }
            if (!isInNames(c)) {
                throw new IllegalArgumentException(
                        "no name of a host: it has " + Wording.show((byte) c) + " at index " + i);
            }
        }
        if (name.isEmpty() || name.length() > LONGEST_NAME) {
            throw new IllegalArgumentException(
                    "the name of a host has 1 to " + LONGEST_NAME + " bytes, not " + name.length());
        }
        return name;
    }

    private static boolean isInNames(char c) {
        return (c >= 'a' && c <= 'z')
                || (c >= 'A' && c <= 'Z')
                || (c >= '0' && c <= '9')
                || c == '-'
                || c == '.'
                || c == '_';
    }

    /** {@code example.com:443}, {@code 192.0.2.1:443}, {@code [2001:db8:0:0:0:0:0:1]:443}. */
    @Override
    public String toString() {
        return Wording.hostAndPort(
                name == null ? String.valueOf(address == null ? null : address.getHostAddress()) : name, port);
    }
}
