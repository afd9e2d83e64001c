package rill.http.websocket;

import java.net.URI;
import rill.Codec;

/** WebSocket codecs without a pipeline around them. */
public final class FuzzedWebSocket {
    private static final WebSocketOptions LIMITS =
            WebSocketOptions.defaults().messageBytes(2_000).frames(5).subprotocols("chat", "mqtt");
    private static final int PART = 64;

    private FuzzedWebSocket() {}

    /** Frames, as whole messages or in parts. */
    public static Codec<WebSocketMessage, WebSocketMessage> frames(boolean client, boolean deflate, boolean inParts) {
        WebSocketOptions options =
                LIMITS.deflate(deflate).inParts(inParts).controlByHand(inParts).deflateFrom(1);
        return new WebSocketCodec(client, deflate, options, PART, null);
    }

    /** A client, from the first byte of the handshake. */
    public static Codec<WebSocketMessage, WebSocketMessage> asking() {
        return new Handshake.Client(URI.create("ws://a/chat"), LIMITS.deflate(true));
    }

    /** A server, from the first byte of the handshake. */
    public static Codec<WebSocketMessage, WebSocketMessage> answering() {
        return new Handshake.Server(LIMITS.deflate(true));
    }
}
