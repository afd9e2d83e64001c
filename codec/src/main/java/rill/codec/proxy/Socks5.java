package rill.codec.proxy;

import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * A SOCKS5 proxy, for {@link rill.ConnectOptions#through}. Immutable.
 *
 * <pre>{@code
 * var proxy = Socks5.at(InetSocketAddress.createUnresolved("proxy.example", 1080)).user("me", "secret");
 * loop.connect(target, pipeline, ConnectOptions.defaults().through(proxy))
 * }</pre>
 *
 * <p>A target that is a name ({@link java.net.InetSocketAddress#createUnresolved}) is looked up by the proxy, and not here. User and password go
 * over the wire as they are.
 *
 * <p><b>Errors:</b> if the proxy does not connect on, connecting fails with a {@link java.net.ConnectException} that says what the proxy
 * answered, which proxy that was, and to where; with a {@link rill.ProtocolException} if it does not speak SOCKS5. A target that SOCKS5 has no
 * words for is an {@link IllegalArgumentException}: a Unix domain socket, port 0, a name that is not of ASCII, an IPv6 address with a scope.
 *
 * <p><b>Source:</b> RFC 1928, of which CONNECT; RFC 1929.
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
     * With authentication, if the proxy wants it.
     *
     * @param newUser 1 to 255 bytes of UTF-8
     * @param newPassword likewise
     */
    public Socks5 user(String newUser, String newPassword) {
        return new Socks5(address(), limited("user", newUser), limited("password", newPassword));
    }

    /** What is too long, or missing, is not shown: it is a secret. */
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
