/**
 * The measured programs, each in its own process: servers and clients of Rill and of others. They receive commands as lines on standard input, and
 * end when that does.
 */
package rill.bench.program;
