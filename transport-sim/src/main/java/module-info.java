import org.jspecify.annotations.NullMarked;

/** A simulated network in virtual time. */
@NullMarked
module rill.transport.sim {
    requires transitive rill.core;
    requires jdk.net; // the options of keep-alive
    requires static org.junit.jupiter.api; // these two for @Simulated only
    requires static org.junit.platform.commons;

    exports rill.transport.sim;
}
