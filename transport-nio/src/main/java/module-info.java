import org.jspecify.annotations.NullMarked;

/** The transport on pure JDK NIO. */
@NullMarked
@SuppressWarnings("module") // the module named below is built after this one
module rill.transport.nio {
    requires transitive rill.core;

    exports rill.transport.nio;
    exports rill.transport.nio.channels to
            rill.transport.epoll;

    provides rill.spi.Transport with
            rill.transport.nio.NioTransport;
}
