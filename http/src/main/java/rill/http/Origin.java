package rill.http;

import java.net.InetSocketAddress;
import java.net.URI;
import java.util.Locale;

/**
 * Who is asked. <b>Source:</b> RFC 6454; RFC 9110, section 4.3.
 *
 * @param host in small letters, an IPv6 address without its brackets
 */
record Origin(boolean secure, String host, int port) {
    private static final int PORT = 80;
    private static final int SECURE_PORT = 443;
    private static final int LAST_PORT = 0xFFFF;

    static Origin of(URI uri) {
        boolean secure = "https".equalsIgnoreCase(uri.getScheme());
        if ((!secure && !"http".equalsIgnoreCase(uri.getScheme()))
                || uri.getHost() == null
                || uri.getRawUserInfo() != null) {
            throw new IllegalArgumentException(
                    "a request's URI is http://host/path or https://host/path, without a user, not " + uri);
        }
        if (uri.getPort() > LAST_PORT) {
            throw new IllegalArgumentException("a port is at most " + LAST_PORT + ", unlike that of " + uri);
        }
        String host = uri.getHost().toLowerCase(Locale.ROOT);
        String bare = host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
        int usual = secure ? SECURE_PORT : PORT;
        return new Origin(secure, bare, uri.getPort() < 0 ? usual : uri.getPort());
    }

    InetSocketAddress address() {
        return InetSocketAddress.createUnresolved(host, port);
    }

    /** As the Host field has it. */
    String authority() {
        String shown = host.indexOf(':') >= 0 ? "[" + host + "]" : host;
        return port == (secure ? SECURE_PORT : PORT) ? shown : shown + ":" + port;
    }

    @Override
    public String toString() {
        return (secure ? "https://" : "http://") + authority();
    }
}
