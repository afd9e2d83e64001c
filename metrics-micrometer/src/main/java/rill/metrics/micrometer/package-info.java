/** What Rill counts, as meters of Micrometer: {@link rill.metrics.micrometer.RillMetrics}. */
package rill.metrics.micrometer;
