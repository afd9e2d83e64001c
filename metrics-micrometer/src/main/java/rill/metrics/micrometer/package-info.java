/** Rill's metrics as Micrometer meters: {@link rill.metrics.micrometer.RillMetrics}. */
package rill.metrics.micrometer;
