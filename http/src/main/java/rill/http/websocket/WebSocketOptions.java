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
 * Options for opening a WebSocket and for its behaviour. Immutable; each method with a parameter returns a changed copy.
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
        Duration pongTimeout = Duration.ZERO;
        List<String> subprotocols = List.of();
        HttpFields fields = HttpFields.none();
        ConnectOptions connect = ConnectOptions.defaults();
        TlsClient tls = Tls.client().alpn("http/1.1");

        @Nullable
        Predicate<? super String> origins; // null for the same host and port

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
     * The defaults: whole messages of up to 1 MiB in up to 16,384 frames; pings are answered, and none are sent; no compression; five seconds for the
     * peer's answer to a {@link WebSocketMessage.Close}; no subprotocol; a server accepts pages of its own host and port.
     */
    public static WebSocketOptions defaults() {
        return DEFAULTS;
    }

    // ---- values

    /** The largest size of a message; with {@link #inParts}, of one compressed frame. */
    public int messageBytes() {
        return is.messageBytes;
    }

    /** The largest number of frames in a message; with {@link #inParts}, the number in a row with nothing to deliver at which it is refused. */
    public int frames() {
        return is.frames;
    }

    /** Whether messages are received in parts. */
    public boolean inParts() {
        return is.inParts;
    }

    /** Whether pings and pongs are delivered to the receiver; pings are then not answered automatically. */
    public boolean controlByHand() {
        return is.controlByHand;
    }

    /** Whether messages may be compressed. */
    public boolean deflate() {
        return is.deflate;
    }

    /** The size from which messages are compressed. */
    public int deflateFrom() {
        return is.deflateFrom;
    }

    /** The time that the peer has to answer a Close. */
    public Duration closeTimeout() {
        return is.closeTimeout;
    }

    /** The silence after which a ping is sent; zero for never. */
    public Duration pingEvery() {
        return is.pingEvery;
    }

    /** The time within which anything must arrive after that ping. */
    public Duration pongTimeout() {
        return is.pongTimeout;
    }

    /** The subprotocols of this side, in order of preference. */
    public List<String> subprotocols() {
        return is.subprotocols;
    }

    /** Additional fields of a client's request. */
    public HttpFields fields() {
        return is.fields;
    }

    /** How a client connects. */
    public ConnectOptions connect() {
        return is.connect;
    }

    /** How a client speaks TLS, for {@code wss}. */
    public TlsClient tls() {
        return is.tls;
    }

    /** The time that a server waits for a client's request. */
    public Duration handshakeTimeout() {
        return is.handshakeTimeout;
    }

    /** Whether a server accepts a page of this origin, for a request sent to this host. */
    boolean acceptsOrigin(String origin, String host) {
        Predicate<? super String> chosen = is.origins;
        if (chosen != null) {
            return chosen.test(origin);
        }
        int scheme = origin.indexOf("://");
        return scheme > 0 && origin.substring(scheme + 3).equalsIgnoreCase(host);
    }

    // ---- changed copies

    /** Limits messages to this many bytes. A larger one fails the connection, with code 1009 sent to the peer. */
    public WebSocketOptions messageBytes(int most) {
        requirePositive("messageBytes", most);
        return changed(draft -> draft.messageBytes = most);
    }

    /** Accepts messages of any size, up to what an array can hold. A peer can make this side hold that much. */
    public WebSocketOptions unlimited() {
        return messageBytes(Integer.MAX_VALUE - 64);
    }

    /** Limits messages to this many frames. More fail the connection, with code 1008 sent to the peer. */
    public WebSocketOptions frames(int most) {
        requirePositive("frames", most);
        return changed(draft -> draft.frames = most);
    }

    /**
     * Delivers messages in parts, without a limit on the size of a message: {@link WebSocketMessage.TextPart} and {@link WebSocketMessage.BinaryPart},
     * of about 16 KiB at most, as they arrive. With the pull form, the peer is held up while nobody asks for the next part.
     */
    public WebSocketOptions inParts(boolean parts) {
        return changed(draft -> draft.inParts = parts);
    }

    /** Delivers pings and pongs to the receiver, which has to answer the pings. */
    public WebSocketOptions controlByHand(boolean byHand) {
        return changed(draft -> draft.controlByHand = byHand);
    }

    /**
     * Compresses messages, if the peer agrees (permessage-deflate). Each message is compressed separately, so that no connection holds a window; parts
     * are sent uncompressed. {@link #messageBytes} limits the size of a message after inflating.
     */
    public WebSocketOptions deflate(boolean compress) {
        return changed(draft -> draft.deflate = compress);
    }

    /** Compresses only messages of at least this many bytes; 1,024 by default. */
    public WebSocketOptions deflateFrom(int bytes) {
        if (bytes < 0) {
            throw new IllegalArgumentException("deflateFrom can't be negative: " + bytes);
        }
        return changed(draft -> draft.deflateFrom = bytes);
    }

    /** Gives the peer this long to answer a Close; then the connection fails. */
    public WebSocketOptions closeTimeout(Duration time) {
        requirePositive("closeTimeout", time);
        return changed(draft -> draft.closeTimeout = time);
    }

    /**
     * Sends a ping when nothing has arrived for {@code every}, and fails the connection if then nothing arrives for {@code timeout}. Bytes count when
     * they are read: a connection from which nobody receives notices nothing.
     */
    public WebSocketOptions pings(Duration every, Duration timeout) {
        requirePositive("the time between pings", every);
        requirePositive("the time for a pong", timeout);
        return changed(draft -> {
            draft.pingEvery = every;
            draft.pongTimeout = timeout;
        });
    }

    // ---- the opening handshake

    /**
     * Sets the subprotocols, in order of preference. A client offers them; a server takes the first of its own that is offered.
     * {@link WebSocketInfo#subprotocol} returns the one agreed on.
     *
     * @throws IllegalArgumentException if one is not a token
     */
    public WebSocketOptions subprotocols(String... names) {
        for (String each : names) {
            Tokens.require(each, "a subprotocol");
        }
        List<String> copy = List.of(names);
        return changed(draft -> draft.subprotocols = copy);
    }

    /** Adds these fields to a client's request: cookies, credentials, an Origin. */
    public WebSocketOptions fields(HttpFields own) {
        Objects.requireNonNull(own, "fields");
        return changed(draft -> draft.fields = own);
    }

    /** Sets how a client connects: through a proxy, or with a time limit, which includes the handshake. */
    public WebSocketOptions connect(ConnectOptions options) {
        Objects.requireNonNull(options, "options");
        return changed(draft -> draft.connect = options);
    }

    /** Sets the TLS client for {@code wss}. If it offers protocols, it must offer {@code http/1.1}. */
    public WebSocketOptions tls(TlsClient client) {
        Objects.requireNonNull(client, "tls");
        return changed(draft -> draft.tls = client);
    }

    /**
     * Sets the origins, such as {@code https://example.org}, whose pages a server accepts. By default only those with the host and port that the
     * request was sent to: a browser lets any page connect anywhere, with the user's cookies. The scheme is not compared then, since TLS may end before
     * this server; where pages by plain {@code http} may not connect, compare the whole origin here. A request without an Origin is not from a browser, and is not checked.
     */
    public WebSocketOptions origins(Predicate<? super String> accepted) {
        Objects.requireNonNull(accepted, "accepted");
        return changed(draft -> draft.origins = accepted);
    }

    /** Sets the time that a server waits for a client's request. */
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
                + ", closeTimeout=" + is.closeTimeout + ", pings=" + is.pingEvery + " within " + is.pongTimeout + "]";
    }
}
