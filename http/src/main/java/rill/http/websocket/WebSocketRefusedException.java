package rill.http.websocket;

import java.io.IOException;
import rill.http.wire.ResponseHead;

/** The server refused to open a WebSocket: its answer was not 101. */
public final class WebSocketRefusedException extends IOException {
    private static final long serialVersionUID = 1L;

    private final transient ResponseHead response;

    WebSocketRefusedException(String target, ResponseHead response) {
        super("the server opens no WebSocket at " + target + ": it has answered " + response.status() + " "
                + response.reason());
        this.response = response;
    }

    /** Returns the server's answer, without its body. */
    public ResponseHead response() {
        return response;
    }
}
