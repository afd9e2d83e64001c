package rill.codec.proxy;

import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/**
 * An HTTP proxy that connects to a target by the method CONNECT, for {@link rill.ConnectOptions#proxy}. Immutable.
 *
 * <pre>{@code
 * var proxy = HttpConnect.at(InetSocketAddress.createUnresolved("proxy.example", 3128)).user("me", "secret");
 * loop.connect(target, pipeline, ConnectOptions.defaults().proxy(proxy))
 * }</pre>
 *
 * <p>A target that is a name ({@link java.net.InetSocketAddress#createUnresolved}) is looked up by the proxy, not here. The connection to the proxy
 * is not encrypted, so user and password are sent practically in the clear.
 *
 * <p><b>Limits:</b> the head of an answer, together with those of the 1xx answers before it, has at most 8 KiB.
 *
 * <p><b>Errors:</b> if the proxy does not connect, connecting fails with a {@link java.net.ConnectException} that names the proxy, the target, and
 * the status line of the answer. If the answer is not HTTP/1, it fails with a {@link rill.ProtocolException}. A target that the proxy can't be asked
 * for is an {@link IllegalArgumentException}: a Unix domain socket, port 0, a non-ASCII name, an IPv6 address with a scope.
 *
 * <p><b>Source:</b> RFC 9110, 9.3.6 and 11.7; RFC 9112, 2 to 5 in part; RFC 7617.
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
     * Authenticates as this user by the scheme Basic, whether or not the proxy asks for it.
     *
     * @param name without colons and control characters
     * @param password without control characters
     */
    public HttpConnect user(String name, String password) {
        requireNoControls("user", name);
        requireNoControls("password", password);
        if (name.indexOf(':') >= 0) {
            throw new IllegalArgumentException("a user with a colon can't be told from its password");
        }
        byte[] both = (name + ":" + password).getBytes(StandardCharsets.UTF_8);
        return new HttpConnect(address(), Base64.getEncoder().encodeToString(both));
    }

    private static void requireNoControls(String what, String value) {
        if (value.chars().anyMatch(Character::isISOControl)) { // the value is not shown: it is a secret
            throw new IllegalArgumentException("the " + what + " has a control character");
        }
    }

    @Override
    Tunnel session(Destination destination) {
        return new HttpConnectSession(this, destination);
    }
}
