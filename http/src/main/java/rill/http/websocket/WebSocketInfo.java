package rill.http.websocket;

import org.jspecify.annotations.Nullable;
import rill.http.wire.RequestHead;
import rill.http.wire.ResponseHead;

/**
 * The result of a WebSocket's opening handshake: {@code connection.info(WebSocketInfo.class)}.
 *
 * <p><b>Not guaranteed:</b> the set of components: later versions may add some. Read them by name, and leave it to Rill to make such a record.
 *
 * @param request the client's request: its target, its cookies
 * @param response the server's answer
 * @param subprotocol the subprotocol agreed on; null if there is none
 * @param deflate whether messages may be compressed
 */
public record WebSocketInfo(
        RequestHead request,
        ResponseHead response,
        @Nullable String subprotocol,
        boolean deflate) {}
