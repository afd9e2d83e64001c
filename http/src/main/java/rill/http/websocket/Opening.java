package rill.http.websocket;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import rill.ProtocolException;
import rill.http.wire.HttpFields;
import rill.http.wire.RequestHead;
import rill.http.wire.ResponseHead;

/** The requests and answers of the opening handshake, for both sides. <b>Source:</b> RFC 6455, sections 4.1 and 4.2. */
final class Opening {
    private static final String VERSION = "13";
    private static final String MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    private static final int KEY_BYTES = 16;
    private static final int KEY_CHARS = 24;

    private Opening() {}

    /** Proves that the server has understood the request. */
    static String accept(String key) {
        try {
            byte[] digest =
                    MessageDigest.getInstance("SHA-1").digest((key + MAGIC).getBytes(StandardCharsets.US_ASCII));
            return Base64.getEncoder().encodeToString(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e); // every JDK has it
        }
    }

    // ---- the client

    static RequestHead request(URI uri, WebSocketOptions options, RandomGenerator random) {
        byte[] key = new byte[KEY_BYTES];
        random.nextBytes(key);
        String path = uri.getRawPath() == null || uri.getRawPath().isEmpty() ? "/" : uri.getRawPath();
        String target = uri.getRawQuery() == null ? path : path + "?" + uri.getRawQuery();
        HttpFields fields = HttpFields.of(
                "Host",
                authority(uri),
                "Upgrade",
                "websocket",
                "Connection",
                "Upgrade",
                "Sec-WebSocket-Key",
                Base64.getEncoder().encodeToString(key),
                "Sec-WebSocket-Version",
                VERSION);
        if (!options.subprotocols().isEmpty()) {
            fields = fields.add("Sec-WebSocket-Protocol", String.join(", ", options.subprotocols()));
        }
        if (options.deflate()) {
            fields = fields.add("Sec-WebSocket-Extensions", Deflate.OFFER);
        }
        return RequestHead.of("GET", target, fields.addAll(options.fields()));
    }

    /** The host, and the port if the URI has one; empty if it has no host. */
    static String authority(URI uri) {
        String authority = Objects.requireNonNullElse(uri.getRawAuthority(), "");
        return authority.endsWith(":") ? authority.substring(0, authority.length() - 1) : authority;
    }

    /** The result of the handshake, if the server has agreed. */
    static WebSocketInfo agreed(RequestHead request, ResponseHead response, WebSocketOptions options)
            throws ProtocolException {
        HttpFields fields = response.fields();
        String key = Objects.requireNonNull(request.fields().get("sec-websocket-key"));
        requireOnly(fields, "upgrade", "websocket", true);
        if (!fields.hasToken("connection", "upgrade")) {
            throw new ProtocolException("expected Connection: Upgrade in the answer to a WebSocket's handshake");
        }
        requireOnly(fields, "sec-websocket-accept", accept(key), false);
        List<String> chosen = fields.all("sec-websocket-protocol");
        if (chosen.size() > 1 || (chosen.size() == 1 && !options.subprotocols().contains(chosen.getFirst()))) {
            throw new ProtocolException("expected one of the subprotocols that were offered, " + options.subprotocols()
                    + ", found " + chosen);
        }
        try {
            boolean deflate = Deflate.isAgreed(fields.all("sec-websocket-extensions"), options.deflate());
            return new WebSocketInfo(request, response, chosen.isEmpty() ? null : chosen.getFirst(), deflate);
        } catch (IllegalArgumentException e) {
            throw new ProtocolException("the answer to a WebSocket's handshake has " + e.getMessage());
        }
    }

    private static void requireOnly(HttpFields fields, String name, String value, boolean anyLetters)
            throws ProtocolException {
        List<String> all = fields.all(name);
        boolean found = all.size() == 1
                && (anyLetters
                        ? all.getFirst().equalsIgnoreCase(value)
                        : all.getFirst().equals(value));
        if (!found) {
            throw new ProtocolException(
                    "expected " + name + ": " + value + " in the answer to a WebSocket's handshake, found " + all);
        }
    }

    // ---- the server

    /** A request that can't be granted, with its answer. */
    static final class RefusedException extends Exception {
        private static final long serialVersionUID = 1L;

        final int status;
        final transient HttpFields fields;

        RefusedException(int status, String why, HttpFields more) {
            super(why, null, false, false);
            this.status = status;
            this.fields =
                    HttpFields.of("Content-Type", "text/plain; charset=utf-8").addAll(more);
        }

        ResponseHead response() {
            return ResponseHead.of(status, fields).content(content()).close();
        }

        byte[] content() {
            return (getMessage() + "\n").getBytes(StandardCharsets.UTF_8);
        }

        RefusedException(int status, String why) {
            this(status, why, HttpFields.none());
        }
    }

    /** Whether a client asks for a WebSocket at all. */
    static boolean isAskedFor(RequestHead request) {
        return request.isUpgrade() && request.fields().hasToken("upgrade", "websocket");
    }

    static RefusedException notAskedFor() {
        return new RefusedException(
                426,
                "This is a WebSocket's address: ask for an upgrade.",
                HttpFields.of("Upgrade", "websocket", "Connection", "Upgrade"));
    }

    /** The result of the handshake, with the answer to send. */
    static WebSocketInfo answer(RequestHead request, WebSocketOptions options) throws RefusedException {
        HttpFields fields = request.fields();
        if (!isAskedFor(request)) {
            throw notAskedFor();
        }
        if (!request.method().equals("GET") || request.hasBody()) {
            throw new RefusedException(400, "A WebSocket is opened by GET, without a body.");
        }
        if (!fields.all("sec-websocket-version").equals(List.of(VERSION))) {
            throw new RefusedException(
                    426,
                    "The version of WebSocket here is " + VERSION + ".",
                    HttpFields.of("Sec-WebSocket-Version", VERSION));
        }
        List<String> keys = fields.all("sec-websocket-key");
        if (keys.size() != 1 || !isKey(keys.getFirst())) {
            throw new RefusedException(400, "A WebSocket's request has one Sec-WebSocket-Key, of 16 bytes.");
        }
        requireOrigin(request, options);
        return granted(request, keys.getFirst(), options);
    }

    private static boolean isKey(String key) {
        try {
            return key.length() == KEY_CHARS && Base64.getDecoder().decode(key).length == KEY_BYTES;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private static void requireOrigin(RequestHead request, WebSocketOptions options) throws RefusedException {
        List<String> origins = request.fields().all("origin");
        String host = Objects.requireNonNullElse(request.authority(), "");
        boolean accepted =
                origins.isEmpty() || (origins.size() == 1 && options.acceptsOrigin(origins.getFirst(), host));
        if (!accepted) {
            throw new RefusedException(403, "Pages of this origin are not welcome here.");
        }
    }

    private static WebSocketInfo granted(RequestHead request, String key, WebSocketOptions options)
            throws RefusedException {
        String subprotocol = chosen(request.fields(), options);
        String deflate = null;
        try {
            List<String> offers = request.fields().all("sec-websocket-extensions");
            deflate = options.deflate() ? Deflate.agreed(offers) : null;
        } catch (IllegalArgumentException e) {
            throw new RefusedException(400, "Sec-WebSocket-Extensions can't be read.");
        }
        HttpFields fields =
                HttpFields.of("Upgrade", "websocket", "Connection", "Upgrade", "Sec-WebSocket-Accept", accept(key));
        if (subprotocol != null) {
            fields = fields.add("Sec-WebSocket-Protocol", subprotocol);
        }
        if (deflate != null) {
            fields = fields.add("Sec-WebSocket-Extensions", deflate);
        }
        return new WebSocketInfo(request, ResponseHead.of(101, fields), subprotocol, deflate != null);
    }

    private static @Nullable String chosen(HttpFields fields, WebSocketOptions options) {
        List<String> offered = Tokens.list(fields.all("sec-websocket-protocol"));
        return options.subprotocols().stream()
                .filter(offered::contains)
                .findFirst()
                .orElse(null);
    }
}
