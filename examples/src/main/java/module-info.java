import org.jspecify.annotations.NullMarked;

/** The demos. Nothing is exported: they are there to be read and run. */
@NullMarked
@SuppressWarnings("requires-automatic") // netty-buffer ships without a descriptor
module rill.examples {
    requires rill.core;
    requires rill.codec;
    requires rill.http;
    requires rill.testkit; // an authority for certificates
    requires rill.transport.sim;
    requires io.netty.buffer;
    requires io.netty.common;
    requires info.picocli;

    // The transport is not required here: the loop finds it on the module path, as it finds any other.

    opens rill.examples to
            info.picocli;
    opens rill.examples.sim to
            info.picocli,
            rill.transport.sim;
}
