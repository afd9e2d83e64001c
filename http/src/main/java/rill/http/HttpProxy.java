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
 * An HTTP proxy that an {@link HttpClient} sends its requests through. Immutable; each method that takes an argument gives a changed copy.
 *
 * <p>A request to {@code http} is sent to the proxy itself, which is told the whole URI. For one to {@code https} the proxy is asked to connect on, by
 * CONNECT, and the rest is between the client and the server. Other protocols use the proxy by {@link HttpConnect}.
 *
 * <p><b>Errors:</b> what a proxy answers to a request to {@code http} is the response, be it the server's or the proxy's own: 407, 403, 502. If it does
 * not connect on, the request fails, and was never sent.
 *
 * <p><b>Source:</b> RFC 9112, 3.2.2; RFC 9110, 9.3.6 and 11.7; RFC 7617.
 */
public final class HttpProxy {
    private static final String IPV6 = "[0-9A-Fa-f]*:[0-9A-Fa-f]*:[0-9A-Fa-f:.]*(%[A-Za-z0-9_.~-]+)?";

    /** A name, or its end; or an address, of IPv6 with brackets or without. */
    private static final Pattern EXCEPTION =
            Pattern.compile("\\.?[A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+)*|" + IPV6 + "|\\[" + IPV6 + "\\]");

    private final HttpConnect tunnels;
    private final @Nullable String authorization; // the value of Proxy-Authorization
    private final List<String> exceptions; // in small letters

    private HttpProxy(HttpConnect tunnels, @Nullable String authorization, List<String> exceptions) {
        this.tunnels = tunnels;
        this.authorization = authorization;
        this.exceptions = exceptions;
    }

    /** The proxy at this address, without authentication. A name is looked up when a connection is made. */
    public static HttpProxy at(SocketAddress address) {
        return new HttpProxy(HttpConnect.at(address), null, List.of());
    }

    /**
     * With authentication of the kind Basic, which is sent whether the proxy asks for it or not, and to nobody else. A request that has a
     * Proxy-Authorization of its own keeps it.
     *
     * @param user without a colon and without control characters
     * @param password without control characters
     */
    public HttpProxy basic(String user, String password) {
        HttpConnect authorized = tunnels.basic(user, password); // which looks at both
        byte[] both = (user + ":" + password).getBytes(StandardCharsets.UTF_8);
        return new HttpProxy(authorized, "Basic " + Base64.getEncoder().encodeToString(both), exceptions);
    }

    /**
     * Not for these hosts, which are connected to without it: {@code localhost} and {@code 127.0.0.1} are hosts, and {@code .internal} stands for all whose
     * name ends so. Names are compared, and not looked up; a dot at the end of one that is asked for makes no difference.
     *
     * @throws IllegalArgumentException for what no host is like, and would never be found: {@code *.internal}, {@code 10.0.0.0/8}, {@code localhost:8080}
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

    /** Where it is. */
    public SocketAddress address() {
        return tunnels.address();
    }

    /**
     * Whether it is used for this host.
     *
     * @param host in small letters
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

    /** As one that is asked to connect on. */
    HttpConnect tunnels() {
        return tunnels;
    }

    @Nullable
    String authorization() {
        return authorization;
    }

    /** Tells where, and neither user nor password. */
    @Override
    public String toString() {
        return tunnels.toString();
    }
}
