import org.jspecify.annotations.NullMarked;

/** The event loop, Futures, Tasks, connections and pipelines of Rill, and the contract that transports fulfil. */
@NullMarked
@SuppressWarnings({
    "requires-automatic",
    "requires-transitive-automatic", // netty-buffer ships without a descriptor
    "module" // the one named below is built after this one
})
module rill.core {
    requires transitive io.netty.buffer;
    requires io.netty.common;
    requires static jdk.jfr; // for who records; a run-time image need not have it
    requires static java.management; // only to learn what memory the JVM was allowed
    requires static transitive org.jspecify;

    exports rill;
    exports rill.spi;
    exports rill.spi.readiness;
    // The same where the system reports readiness and where it reports completion.
    exports rill.spi.writing to
            rill.transport.uring;

    uses rill.spi.Transport;
}
