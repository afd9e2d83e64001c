import org.jspecify.annotations.NullMarked;

/** The transport on pure JDK NIO. */
@NullMarked
module rill.transport.nio {
    requires transitive rill.core;

    exports rill.transport.nio;

    provides rill.spi.Transport with
            rill.transport.nio.NioTransport;
}
