import org.jspecify.annotations.NullMarked;

/** For authors of transports and codecs: the suites that Rill's own pass. */
@NullMarked
@SuppressWarnings({"requires-automatic", "requires-transitive-automatic"}) // netty ships without descriptors
module rill.testkit {
    requires transitive rill.core;
    requires transitive org.junit.jupiter.api;
    requires java.management;
    requires jdk.management;
    requires io.netty.common;
    requires org.bouncycastle.pkix;
    requires org.bouncycastle.provider;

    exports rill.testkit;
    exports rill.testkit.memory;
    exports rill.testkit.storm;

    // JUnit calls the tests, which are inherited and not public.
    opens rill.testkit to
            org.junit.platform.commons;
}
