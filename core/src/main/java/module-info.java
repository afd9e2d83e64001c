import org.jspecify.annotations.NullMarked;

/** The event loop, Futures, Tasks, connections and pipelines of Rill, and the contract that transports fulfil. */
@NullMarked
@SuppressWarnings({"requires-automatic", "requires-transitive-automatic"
}) // netty-buffer and JCTools ship without descriptors
module rill.core {
    requires transitive io.netty.buffer;
    requires io.netty.common;
    requires static transitive org.jspecify;
    requires org.jctools.core;

    exports rill;
    exports rill.spi;

    uses rill.spi.Transport;
}
