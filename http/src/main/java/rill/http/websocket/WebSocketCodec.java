package rill.http.websocket;

import org.jspecify.annotations.Nullable;
import rill.Codec;
import rill.Context;
import rill.Session;

/**
 * The frames and messages of one side.
 *
 * @param client whether this side is the client, which masks
 * @param deflate whether both sides have agreed on permessage-deflate
 * @param part the largest size of a received part
 * @param info the result of the handshake; null if unknown
 */
record WebSocketCodec(
        boolean client,
        boolean deflate,
        WebSocketOptions options,
        int part,
        @Nullable WebSocketInfo info) implements Codec<WebSocketMessage, WebSocketMessage> {
    private static final int PART = 16 * 1024;

    WebSocketCodec(boolean client, boolean deflate, WebSocketOptions options) {
        this(client, deflate, options, PART, null);
    }

    @Override
    public Session<WebSocketMessage, WebSocketMessage> open(Context context) {
        return new WebSocketSession(this, context);
    }

    /** After a handshake. */
    WebSocketCodec(boolean client, WebSocketInfo info, WebSocketOptions options) {
        this(client, info.deflate(), options, PART, info);
    }

    @Override
    public int sizeEstimate(WebSocketMessage message) {
        return estimate(message);
    }

    static int estimate(WebSocketMessage message) {
        return Frame.LONGEST_HEAD
                + switch (message) {
                    case WebSocketMessage.Text text -> text.text().length();
                    case WebSocketMessage.TextPart part -> part.text().length();
                    case WebSocketMessage.Binary binary -> binary.length();
                    case WebSocketMessage.BinaryPart part -> part.length();
                    case WebSocketMessage.Ping ping -> ping.length();
                    case WebSocketMessage.Pong pong -> pong.length();
                    case WebSocketMessage.Close close -> close.reason().length();
                };
    }
}
