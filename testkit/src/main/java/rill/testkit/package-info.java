/**
 * The contract of {@link rill.spi} in executable form, {@link rill.testkit.TransportConformance}; the laws that every codec obeys,
 * {@link rill.testkit.CodecLaws}; and a check that a test leaves nothing behind, {@link rill.testkit.Leaks}. A transport for testing protocols is in
 * {@link rill.testkit.memory}.
 */
package rill.testkit;
