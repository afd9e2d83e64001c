import org.jspecify.annotations.NullMarked;

/** HTTP/1.1 and WebSocket: pure codecs, and the server and client on top of them. */
@NullMarked
@SuppressWarnings({"requires-automatic", "requires-transitive-automatic"}) // netty-buffer ships without a descriptor
module rill.http {
    requires transitive rill.core;
    requires transitive rill.codec;
    requires transitive io.netty.buffer;
    requires transitive io.netty.common; // ReferenceCounted lives there
    requires static transitive org.jspecify;

    exports rill.http;
    exports rill.http.websocket;
    exports rill.http.wire;
}
