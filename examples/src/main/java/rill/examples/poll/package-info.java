/**
 * A custom transport over poll(2), by {@code java.lang.foreign}: a system that reports readiness, in some three hundred lines. See
 * {@code docs/custom-transport.md}.
 */
package rill.examples.poll;
