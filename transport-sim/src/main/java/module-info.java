import org.jspecify.annotations.NullMarked;

/** A simulated network in virtual time. */
@NullMarked
module rill.transport.sim {
    requires transitive rill.core;
    requires jdk.net; // the options of keep-alive

    exports rill.transport.sim;
}
