import org.jspecify.annotations.NullMarked;

/** The event loop, Futures, Tasks, connections and pipelines of Rill, and the contract that transports fulfil. */
@NullMarked
@SuppressWarnings({
    "requires-automatic",
    "requires-transitive-automatic", // netty-buffer ships without a descriptor
    "module" // the modules named below are built after this one
})
module rill.core {
    requires transitive io.netty.buffer;
    requires io.netty.common;
    requires static jdk.jfr; // only for recording; a run-time image can do without it
    requires static java.management; // only to learn how much memory the JVM may use
    requires static transitive org.jspecify;

    exports rill;
    exports rill.spi;
    exports rill.spi.readiness;
    exports rill.spi.simulation to
            rill.transport.sim;
    // Shared by transports on which the system reports readiness and those on which it reports completion.
    exports rill.spi.writing to
            rill.transport.uring;

    uses rill.spi.Transport;
}
