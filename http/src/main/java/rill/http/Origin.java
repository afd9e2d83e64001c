package rill.http;

import java.net.InetSocketAddress;
import java.net.URI;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The origin of a request's URI. <b>Source:</b> RFC 6454; RFC 9110, section 4.3.
 *
 * @param host in lower case, an IPv6 address without its brackets
 */
record Origin(boolean secure, String host, int port) {
    private static final int PORT = 80;
    private static final int SECURE_PORT = 443;
    private static final int LAST_PORT = 0xFFFF;
    private static final Pattern NAME = Pattern.compile("([A-Za-z0-9._-]+)(?::([0-9]{0,9}))?");

    static Origin of(URI uri) {
        String host = uri.getHost();
        int port = uri.getPort();
        Matcher plain = host != null || uri.getRawAuthority() == null ? null : NAME.matcher(uri.getRawAuthority());
        if (plain != null && plain.matches()) { // java.net.URI allows no underscore in a host, but container names do
            host = plain.group(1);
            String digits = plain.group(2);
            port = digits == null || digits.isEmpty() ? -1 : Integer.parseInt(digits);
        }
        boolean secure = "https".equalsIgnoreCase(uri.getScheme());
        if ((!secure && !"http".equalsIgnoreCase(uri.getScheme())) || host == null || uri.getRawUserInfo() != null) {
            throw new IllegalArgumentException(
                    "a request's URI is http://host/path or https://host/path, without a user, not " + uri);
        }
        if (port > LAST_PORT) {
            throw new IllegalArgumentException("a port is at most " + LAST_PORT + ", unlike that of " + uri);
        }
        String name = host.toLowerCase(Locale.ROOT);
        String bare = name.startsWith("[") ? name.substring(1, name.length() - 1) : name;
        int usual = secure ? SECURE_PORT : PORT;
        return new Origin(secure, bare, port < 0 ? usual : port);
    }

    InetSocketAddress address() {
        return InetSocketAddress.createUnresolved(host, port);
    }

    /** As in the Host field. */
    String authority() {
        String shown = host.indexOf(':') >= 0 ? "[" + host + "]" : host;
        return port == (secure ? SECURE_PORT : PORT) ? shown : shown + ":" + port;
    }

    @Override
    public String toString() {
        return (secure ? "https://" : "http://") + authority();
    }
}
