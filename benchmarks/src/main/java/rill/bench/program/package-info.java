/**
 * The measured programs, each in a process of its own: servers and clients of Rill and of others. Lines on standard input control them; they end when
 * it ends.
 */
package rill.bench.program;
