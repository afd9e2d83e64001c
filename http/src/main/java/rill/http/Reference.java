package rill.http;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * A URI, or a relative reference, in its five parts, none of which is decoded. {@link java.net.URI#resolve} follows an older rule, with other results
 * for {@code ?query} and for a host without a path.
 *
 * <p><b>Source:</b> RFC 3986, sections 5.2 and 5.3, and the expression of appendix B.
 */
record Reference(
        @Nullable String scheme,
        @Nullable String authority,
        String path,
        @Nullable String query,
        @Nullable String fragment) {

    static Reference of(String text) {
        String rest = text;
        String fragment = null;
        int hash = rest.indexOf('#');
        if (hash >= 0) {
            fragment = rest.substring(hash + 1);
            rest = rest.substring(0, hash);
        }
        String query = null;
        int mark = rest.indexOf('?');
        if (mark >= 0) {
            query = rest.substring(mark + 1);
            rest = rest.substring(0, mark);
        }
        String scheme = null;
        int colon = rest.indexOf(':');
        if (colon > 0 && rest.lastIndexOf('/', colon) < 0) {
            scheme = rest.substring(0, colon);
            rest = rest.substring(colon + 1);
        }
        String authority = null;
        if (rest.startsWith("//")) {
            int slash = rest.indexOf('/', 2);
            authority = rest.substring(2, slash < 0 ? rest.length() : slash);
            rest = slash < 0 ? "" : rest.substring(slash);
        }
        return new Reference(scheme, authority, rest, query, fragment);
    }

    /**
     * Resolves a Location against this. Bytes that are not ASCII, which many servers send in UTF-8 and which are received as Latin 1 characters, are
     * encoded. If it has no fragment, the fragment of this one is kept: RFC 9110, section 10.2.2.
     */
    Reference location(String value) {
        var ascii = new StringBuilder(value.length());
        for (byte octet : value.getBytes(StandardCharsets.ISO_8859_1)) {
            if (octet < 0) {
                ascii.append('%').append(hex(octet >> 4)).append(hex(octet));
            } else {
                ascii.append((char) octet);
            }
        }
        Reference to = resolve(of(ascii.toString()));
        return to.fragment != null ? to : to.fragment(fragment);
    }

    /** Returns a copy with this fragment. */
    Reference fragment(@Nullable String other) {
        return new Reference(scheme, authority, path, query, other);
    }

    private static char hex(int digit) {
        return "0123456789ABCDEF".charAt(digit & 0xF);
    }

    /** Resolves a reference against this. */
    Reference resolve(Reference other) {
        if (other.scheme != null) {
            return new Reference(other.scheme, other.authority, withoutDots(other.path), other.query, other.fragment);
        }
        if (other.authority != null) {
            return new Reference(scheme, other.authority, withoutDots(other.path), other.query, other.fragment);
        }
        if (other.path.isEmpty()) {
            return new Reference(scheme, authority, path, other.query != null ? other.query : query, other.fragment);
        }
        String merged = other.path.startsWith("/") ? other.path : beside(other.path);
        return new Reference(scheme, authority, withoutDots(merged), other.query, other.fragment);
    }

    private String beside(String relative) {
        return authority != null && path.isEmpty()
                ? "/" + relative
                : path.substring(0, path.lastIndexOf('/') + 1) + relative;
    }

    /** Section 5.2.4. */
    private static String withoutDots(String path) {
        String in = path;
        var out = new StringBuilder(path.length());
        while (!in.isEmpty()) {
            if (in.startsWith("../")) {
                in = in.substring(3);
            } else if (in.startsWith("./") || in.startsWith("/./")) {
                in = in.substring(2);
            } else if (in.equals("/.")) {
                in = "/";
            } else if (in.startsWith("/../") || in.equals("/..")) {
                in = "/" + in.substring(Math.min(4, in.length()));
                out.setLength(Math.max(0, out.lastIndexOf("/")));
            } else if (in.equals(".") || in.equals("..")) {
                in = "";
            } else {
                int next = in.indexOf('/', 1);
                int end = next < 0 ? in.length() : next;
                out.append(in, 0, end);
                in = in.substring(end);
            }
        }
        return out.toString();
    }

    @Override
    public String toString() {
        return (scheme == null ? "" : scheme + ":")
                + (authority == null ? "" : "//" + authority)
                + path
                + (query == null ? "" : "?" + query)
                + (fragment == null ? "" : "#" + fragment);
    }
}
