import org.jspecify.annotations.NullMarked;

/** Linux epoll without a native library of our own. */
@NullMarked
@SuppressWarnings("module") // the module named below is built after this one
module rill.transport.epoll {
    requires transitive rill.core;
    requires rill.transport.nio;
    requires jdk.net;

    exports rill.transport.epoll;
    // The Linux layer is shared with the transport on io_uring.
    exports rill.transport.epoll.linux to
            rill.transport.uring;

    provides rill.spi.Transport with
            rill.transport.epoll.EpollTransport,
            rill.transport.epoll.EpollNioTransport;
}
