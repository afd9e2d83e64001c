package rill.codec.proxy;

import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * A SOCKS5 proxy, for {@link rill.ConnectOptions#proxy}. Immutable.
 *
 * <pre>{@code
 * var proxy = Socks5.at(InetSocketAddress.createUnresolved("proxy.example", 1080)).user("me", "secret");
 * loop.connect(target, pipeline, ConnectOptions.defaults().proxy(proxy))
 * }</pre>
 *
 * <p>A target that is a name ({@link java.net.InetSocketAddress#createUnresolved}) is looked up by the proxy, not here. User and password are sent in
 * the clear.
 *
 * <p><b>Errors:</b> if the proxy does not connect, connecting fails with a {@link java.net.ConnectException} that names the proxy, the target, and
 * the proxy's answer. If the peer does not speak SOCKS5, it fails with a {@link rill.ProtocolException}. A target that SOCKS5 can't express is an
 * {@link IllegalArgumentException}: a Unix domain socket, port 0, a non-ASCII name, an IPv6 address with a scope.
 *
 * <p><b>Source:</b> RFC 1928 (CONNECT only); RFC 1929.
 */
public final class Socks5 extends Asked {
    private static final int LONGEST = 255;

    final byte @Nullable [] user;
    final byte @Nullable [] password;

    private Socks5(SocketAddress address, byte @Nullable [] user, byte @Nullable [] password) {
        super("SOCKS5 proxy", address);
        this.user = user;
        this.password = password;
    }

    /** The proxy at this address, without authentication. A name is looked up when a connection is made. */
    public static Socks5 at(SocketAddress address) {
        return new Socks5(address, null, null);
    }

    /**
     * Authenticates as this user, if the proxy asks for it.
     *
     * @param name 1 to 255 bytes of UTF-8
     * @param newPassword likewise
     */
    public Socks5 user(String name, String newPassword) {
        return new Socks5(address(), limited("user", name), limited("password", newPassword));
    }

    /** A value that is too long or empty is not shown in the message: it is a secret. */
    private static byte[] limited(String what, String value) {
        byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
        if (bytes.length == 0 || bytes.length > LONGEST) {
            throw new IllegalArgumentException("the " + what + " has 1 to " + LONGEST + " bytes, not " + bytes.length);
        }
        return bytes;
    }

    @Override
    Tunnel session(Destination destination) {
        return new Socks5Session(this, destination);
    }
}
