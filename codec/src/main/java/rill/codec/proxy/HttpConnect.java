package rill.codec.proxy;

import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/**
 * An HTTP proxy that connects on when it is asked by the method CONNECT, for {@link rill.ConnectOptions#through}. Immutable.
 *
 * <pre>{@code
 * var proxy = HttpConnect.at(InetSocketAddress.createUnresolved("proxy.example", 3128)).basic("me", "secret");
 * loop.connect(target, pipeline, ConnectOptions.defaults().through(proxy))
 * }</pre>
 *
 * <p>A target that is a name ({@link java.net.InetSocketAddress#createUnresolved}) is looked up by the proxy, and not here. The proxy is spoken
 * to in the clear, so user and password go over the wire as good as they are.
 *
 * <p><b>Limits:</b> the head of an answer has at most 8 KiB, together with those of the 1xx answers before it.
 *
 * <p><b>Errors:</b> if the proxy does not connect on, connecting fails with a {@link java.net.ConnectException} that has the status line of its
 * answer, which proxy that was, and to where; with a {@link rill.ProtocolException} if what it sends is no answer of HTTP/1. A target that it
 * can't be asked for is an {@link IllegalArgumentException}: a Unix domain socket, port 0, a name that is not of ASCII, an IPv6 address
 * with a scope.
 *
 * <p><b>Source:</b> RFC 9110, 9.3.6 and 11.7; RFC 9112, of which 2 to 5; RFC 7617.
 */
public final class HttpConnect extends Asked {
    final @Nullable String credentials; // in Base64

    private HttpConnect(SocketAddress address, @Nullable String credentials) {
        super("HTTP proxy", address);
        this.credentials = credentials;
    }

    /** The proxy at this address, without authentication. A name is looked up when a connection is made. */
    public static HttpConnect at(SocketAddress address) {
        return new HttpConnect(address, null);
    }

    /**
     * With authentication of the kind Basic, which is sent whether the proxy asks for it or not.
     *
     * @param user without a colon and without control characters
     * @param password without control characters
     */
    public HttpConnect basic(String user, String password) {
        requireNoControls("user", user);
        requireNoControls("password", password);
        if (user.indexOf(':') >= 0) {
            throw new IllegalArgumentException("a user with a colon can't be told from its password");
        }
        byte[] both = (user + ":" + password).getBytes(StandardCharsets.UTF_8);
        return new HttpConnect(address(), Base64.getEncoder().encodeToString(both));
    }

    private static void requireNoControls(String what, String value) {
        if (value.chars().anyMatch(Character::isISOControl)) { // which are not shown: it is a secret
            throw new IllegalArgumentException("the " + what + " has a control character");
        }
    }

    @Override
    Tunnel session(Destination destination) {
        return new HttpConnectSession(this, destination);
    }
}
