import org.jspecify.annotations.NullMarked;

/** Linux epoll without a native library of our own. */
@NullMarked
module rill.transport.epoll {
    requires transitive rill.core;
    requires rill.transport.nio;
    requires jdk.net;

    exports rill.transport.epoll;

    provides rill.spi.Transport with
            rill.transport.epoll.EpollTransport,
            rill.transport.epoll.EpollNioTransport;
}
