import org.jspecify.annotations.NullMarked;

/** Linux io_uring without a native library of our own. */
@NullMarked
module rill.transport.uring {
    requires transitive rill.core;
    requires transitive rill.transport.epoll;

    exports rill.transport.uring;

    provides rill.spi.Transport with
            rill.transport.uring.UringTransport;
}
