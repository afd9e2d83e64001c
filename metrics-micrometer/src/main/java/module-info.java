import org.jspecify.annotations.NullMarked;

/** Rill's metrics as Micrometer meters. */
@NullMarked
@SuppressWarnings({"requires-automatic", "requires-transitive-automatic"}) // Micrometer's jars have no descriptors
module rill.metrics.micrometer {
    requires transitive rill.core;
    requires transitive micrometer.core;
    requires static org.jspecify;

    exports rill.metrics.micrometer;
}
