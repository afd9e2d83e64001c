package rill.http;

import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import rill.codec.proxy.HttpConnect;

/**
 * An HTTP proxy that an {@link HttpClient} sends its requests through. Immutable; each method that takes an argument returns a changed copy.
 *
 * <p>A request to {@code http} is sent to the proxy itself, with the whole URI as its target. For a request to {@code https} the proxy is asked by
 * CONNECT for a tunnel to the server, which the client then uses. Other protocols use the proxy by {@link HttpConnect}.
 *
 * <p><b>Errors:</b> the answer to a request to {@code http} is the response, whether it is the server's or the proxy's own: 407, 403, 502. If the proxy
 * refuses a tunnel, the request fails, and was never sent.
 *
 * <p><b>Source:</b> RFC 9112, 3.2.2; RFC 9110, 9.3.6 and 11.7; RFC 7617.
 */
public final class HttpProxy {
    private static final String IPV6 = "[0-9A-Fa-f]*:[0-9A-Fa-f]*:[0-9A-Fa-f:.]*(%[A-Za-z0-9_.~-]+)?";

    /** A name, or its end; or an address, where IPv6 may have brackets. */
    private static final Pattern EXCEPTION =
            Pattern.compile("\\.?[A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+)*|" + IPV6 + "|\\[" + IPV6 + "\\]");

    private final HttpConnect tunnels;
    private final @Nullable String authorization; // the value of Proxy-Authorization
    private final List<String> exceptions; // in lower case

    private HttpProxy(HttpConnect tunnels, @Nullable String authorization, List<String> exceptions) {
        this.tunnels = tunnels;
        this.authorization = authorization;
        this.exceptions = exceptions;
    }

    /** Returns the proxy at this address, without authentication. A name is resolved when a connection is made. */
    public static HttpProxy at(SocketAddress address) {
        return new HttpProxy(HttpConnect.at(address), null, List.of());
    }

    /**
     * Returns a copy with Basic authentication, which is sent whether or not the proxy asks for it, and only to the proxy. A request with its own
     * Proxy-Authorization keeps it.
     *
     * @param name without a colon and without control characters
     * @param password without control characters
     */
    public HttpProxy user(String name, String password) {
        HttpConnect authorized = tunnels.user(name, password); // which checks both
        byte[] both = (name + ":" + password).getBytes(StandardCharsets.UTF_8);
        return new HttpProxy(authorized, "Basic " + Base64.getEncoder().encodeToString(both), exceptions);
    }

    /**
     * Returns a copy that is not used for these hosts: they are connected to directly. {@code localhost} and {@code 127.0.0.1} are hosts, and
     * {@code .internal} stands for all names with that ending. Names are compared, not resolved; a trailing dot of a requested host makes no
     * difference.
     *
     * @throws IllegalArgumentException for anything that can't be a host and would never match: {@code *.internal}, {@code 10.0.0.0/8},
     *     {@code localhost:8080}
     */
    public HttpProxy except(String... hosts) {
        var all = new ArrayList<>(exceptions);
        for (String each : hosts) {
            Objects.requireNonNull(each, "host");
            if (!EXCEPTION.matcher(each).matches()) {
                throw new IllegalArgumentException(
                        "a host, or the end of a name such as .internal, not \"" + each + "\"");
            }
            String bare = each.startsWith("[") ? each.substring(1, each.length() - 1) : each;
            all.add(bare.toLowerCase(Locale.ROOT));
        }
        return new HttpProxy(tunnels, authorization, List.copyOf(all));
    }

    /** Returns the address of the proxy. */
    public SocketAddress address() {
        return tunnels.address();
    }

    /**
     * Whether it is used for this host.
     *
     * @param host in lower case
     */
    boolean isFor(String host) {
        String name = host.endsWith(".") ? host.substring(0, host.length() - 1) : host;
        for (String each : exceptions) {
            if (each.startsWith(".") ? name.endsWith(each) : name.equals(each)) {
                return false;
            }
        }
        return true;
    }

    /** The same proxy for CONNECT. */
    HttpConnect tunnels() {
        return tunnels;
    }

    @Nullable
    String authorization() {
        return authorization;
    }

    /** Shows the address, but neither user nor password. */
    @Override
    public String toString() {
        return tunnels.toString();
    }
}
