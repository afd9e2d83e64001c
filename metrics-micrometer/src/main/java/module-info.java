import org.jspecify.annotations.NullMarked;

/** What Rill counts, as meters of Micrometer. */
@NullMarked
@SuppressWarnings({"requires-automatic", "requires-transitive-automatic"}) // Micrometer's jars come without descriptors
module rill.metrics.micrometer {
    requires transitive rill.core;
    requires transitive micrometer.core;
    requires static org.jspecify;

    exports rill.metrics.micrometer;
}
