import org.jspecify.annotations.NullMarked;

/** Netty's handlers as layers and codecs of Rill. */
@NullMarked
@SuppressWarnings({"requires-automatic", "requires-transitive-automatic"}) // Netty's jars have no module descriptors
module rill.bridge.netty {
    requires transitive rill.core;
    requires transitive io.netty.buffer;
    requires transitive io.netty.transport;
    requires transitive io.netty.common;
    requires static org.jspecify;

    exports rill.bridge.netty;
}
