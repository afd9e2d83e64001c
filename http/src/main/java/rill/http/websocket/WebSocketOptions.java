package rill.http.websocket;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import rill.ConnectOptions;
import rill.codec.tls.Tls;
import rill.codec.tls.TlsClient;
import rill.http.wire.HttpFields;

/**
 * How a WebSocket is opened, and how it behaves then. Immutable; each method with a parameter gives a changed copy.
 *
 * <p><b>Units:</b> sizes are in bytes of payload, after unmasking and inflating.
 */
public final class WebSocketOptions {
    private static final int MEBI = 1024 * 1024;

    private static final WebSocketOptions DEFAULTS = new WebSocketOptions(new Draft());

    private static final class Draft implements Cloneable {
        int messageBytes = MEBI;
        int frames = 16 * 1024;
        boolean inParts;
        boolean controlByHand;
        boolean deflate;
        int deflateFrom = 1024;
        Duration closeTimeout = Duration.ofSeconds(5);
        Duration pingEvery = Duration.ZERO;
        Duration pongWithin = Duration.ZERO;
        List<String> subprotocols = List.of();
        HttpFields fields = HttpFields.none();
        ConnectOptions connect = ConnectOptions.defaults();
        TlsClient tls = Tls.client().alpn("http/1.1");

        @Nullable
        Predicate<? super String> origins; // null for the own one

        Duration handshakeTimeout = Duration.ofSeconds(10);

        Draft copy() {
            try {
                return (Draft) clone();
            } catch (CloneNotSupportedException e) {
                throw new AssertionError(e);
            }
        }
    }

    private final Draft is;

    private WebSocketOptions(Draft is) {
        this.is = is;
    }

    private WebSocketOptions changed(Consumer<Draft> change) {
        Draft draft = is.copy();
        change.accept(draft);
        return new WebSocketOptions(draft);
    }

    /**
     * Whole messages of up to 1 MiB in up to 16,384 frames; pings are answered, and none are sent; no compression; five seconds for the peer's answer
     * to a {@link WebSocketMessage.Close}; no subprotocol; a server accepts pages of its own origin.
     */
    public static WebSocketOptions defaults() {
        return DEFAULTS;
    }

    // ---- what it says

    /** How many bytes a message may have; in parts, what one compressed frame may have. */
    public int messageBytes() {
        return is.messageBytes;
    }

    /** In how many frames a message may come; in parts, how many may come in a row with nothing in them. */
    public int frames() {
        return is.frames;
    }

    /** Whether messages are received in parts. */
    public boolean inParts() {
        return is.inParts;
    }

    /** Whether pings and pongs are received, and pings not answered. */
    public boolean controlByHand() {
        return is.controlByHand;
    }

    /** Whether messages may be compressed. */
    public boolean deflate() {
        return is.deflate;
    }

    /** From how many bytes on a message is compressed. */
    public int deflateFrom() {
        return is.deflateFrom;
    }

    /** How long the peer may take to answer a Close. */
    public Duration closeTimeout() {
        return is.closeTimeout;
    }

    /** After how long a silence a ping is sent; zero for never. */
    public Duration pingEvery() {
        return is.pingEvery;
    }

    /** How long anything may take to come after that ping. */
    public Duration pongWithin() {
        return is.pongWithin;
    }

    /** The subprotocols that this side speaks, the preferred first. */
    public List<String> subprotocols() {
        return is.subprotocols;
    }

    /** What a client says in its request beyond what is needed. */
    public HttpFields fields() {
        return is.fields;
    }

    /** How a client connects. */
    public ConnectOptions connect() {
        return is.connect;
    }

    /** How a client speaks TLS, to {@code wss}. */
    public TlsClient tls() {
        return is.tls;
    }

    /** How long a server waits for a client's request. */
    public Duration handshakeTimeout() {
        return is.handshakeTimeout;
    }

    /** Whether a server wants to talk to a page of this origin, where the request was sent to that host. */
    boolean acceptsOrigin(String origin, String host) {
        Predicate<? super String> chosen = is.origins;
        if (chosen != null) {
            return chosen.test(origin);
        }
        int scheme = origin.indexOf("://");
        return scheme > 0 && origin.substring(scheme + 3).equalsIgnoreCase(host);
    }

    // ---- changed copies

    /** With messages of up to so many bytes. A larger one fails the connection, and the peer is told 1009. */
    public WebSocketOptions messageBytes(int most) {
        requirePositive("messageBytes", most);
        return changed(draft -> draft.messageBytes = most);
    }

    /** With messages of any size, up to what an array can hold. A peer may make this side hold that much. */
    public WebSocketOptions unlimited() {
        return messageBytes(Integer.MAX_VALUE - 64);
    }

    /** With messages in up to so many frames. More fail the connection, and the peer is told 1008. */
    public WebSocketOptions frames(int most) {
        requirePositive("frames", most);
        return changed(draft -> draft.frames = most);
    }

    /**
     * Gives messages in parts, without a bound on their size: {@link WebSocketMessage.TextPart} and {@link WebSocketMessage.BinaryPart}, of at most 16 KiB or so
     * each, as they come. With the pull form, the peer is held up while nobody asks for the next part.
     */
    public WebSocketOptions inParts(boolean parts) {
        return changed(draft -> draft.inParts = parts);
    }

    /** Gives pings and pongs to the receiver, who has to answer the pings. */
    public WebSocketOptions controlByHand(boolean byHand) {
        return changed(draft -> draft.controlByHand = byHand);
    }

    /**
     * Compresses messages, if the peer agrees (permessage-deflate). Each by itself, so that no connection holds a window; parts are sent as they are. {@link
     * #messageBytes} bounds what a message becomes when it is inflated.
     */
    public WebSocketOptions deflate(boolean compress) {
        return changed(draft -> draft.deflate = compress);
    }

    /** Compresses messages of so many bytes or more; 1,024 unless said otherwise. */
    public WebSocketOptions deflateFrom(int bytes) {
        if (bytes < 0) {
            throw new IllegalArgumentException("deflateFrom can't be negative: " + bytes);
        }
        return changed(draft -> draft.deflateFrom = bytes);
    }

    /** Gives the peer so long to answer a Close; then the connection fails. */
    public WebSocketOptions closeTimeout(Duration time) {
        requirePositive("closeTimeout", time);
        return changed(draft -> draft.closeTimeout = time);
    }

    /**
     * Sends a ping when nothing has come for {@code every}, and fails the connection if then nothing comes for {@code within}. What comes counts
     * when it is received: a connection from which nobody receives hears nothing.
     */
    public WebSocketOptions pings(Duration every, Duration within) {
        requirePositive("the time between pings", every);
        requirePositive("the time for a pong", within);
        return changed(draft -> {
            draft.pingEvery = every;
            draft.pongWithin = within;
        });
    }

    // ---- the opening handshake

    /**
     * Speaks these subprotocols, the preferred first. A client offers them; a server takes the first of its own that is offered. {@link
     * WebSocketInfo#subprotocol} says which it is.
     *
     * @throws IllegalArgumentException if one is no token
     */
    public WebSocketOptions subprotocols(String... names) {
        for (String each : names) {
            Tokens.require(each, "a subprotocol");
        }
        List<String> copy = List.of(names);
        return changed(draft -> draft.subprotocols = copy);
    }

    /** With these fields in a client's request: cookies, credentials, an Origin. */
    public WebSocketOptions fields(HttpFields own) {
        Objects.requireNonNull(own, "fields");
        return changed(draft -> draft.fields = own);
    }

    /** Connects a client so: with a time limit for all of it, handshake included, through a proxy. */
    public WebSocketOptions connect(ConnectOptions options) {
        Objects.requireNonNull(options, "options");
        return changed(draft -> draft.connect = options);
    }

    /** Speaks TLS so, as a client to {@code wss}. It is to offer {@code http/1.1}, if anything. */
    public WebSocketOptions tls(TlsClient client) {
        Objects.requireNonNull(client, "tls");
        return changed(draft -> draft.tls = client);
    }

    /**
     * Accepts, as a server, requests of pages of these origins, such as {@code https://example.org}. Unless said otherwise, of the origin alone that the
     * request was sent to: a browser lets any page connect to anywhere, with the user's cookies. Who sends no Origin is no browser, and not asked.
     */
    public WebSocketOptions origins(Predicate<? super String> accepted) {
        Objects.requireNonNull(accepted, "accepted");
        return changed(draft -> draft.origins = accepted);
    }

    /** Gives a client so long for its request, as a server. */
    public WebSocketOptions handshakeTimeout(Duration time) {
        requirePositive("handshakeTimeout", time);
        return changed(draft -> draft.handshakeTimeout = time);
    }

    private static void requirePositive(String name, int value) {
        if (value < 1) {
            throw new IllegalArgumentException(name + " has to be at least 1, not " + value);
        }
    }

    private static void requirePositive(String name, Duration time) {
        Objects.requireNonNull(time, name);
        if (time.isNegative() || time.isZero()) {
            throw new IllegalArgumentException(name + " has to be positive, not " + time);
        }
    }

    @Override
    public String toString() {
        return "WebSocketOptions[messageBytes=" + is.messageBytes + ", frames=" + is.frames + ", inParts=" + is.inParts
                + ", controlByHand=" + is.controlByHand + ", deflate=" + is.deflate + " from " + is.deflateFrom
                + ", closeTimeout=" + is.closeTimeout + ", pings=" + is.pingEvery + " within " + is.pongWithin + "]";
    }
}
