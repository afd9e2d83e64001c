import org.jspecify.annotations.NullMarked;

/** Framing, text, RESP, TLS, and proxies: codecs that run on any transport, and without one. */
@NullMarked
@SuppressWarnings({"requires-automatic", "requires-transitive-automatic"}) // netty-buffer ships without a descriptor
module rill.codec {
    requires transitive rill.core;
    requires transitive io.netty.buffer;
    requires io.netty.common; // ByteBuf's supertype lives there
    requires static transitive org.jspecify;

    exports rill.codec;
    exports rill.codec.proxy;
    exports rill.codec.resp;
    exports rill.codec.tls;
}
