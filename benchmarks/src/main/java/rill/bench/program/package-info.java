/**
 * The programs that are measured, each in a process of its own: servers and clients of Rill and of others. Told by lines on
 * standard input what to do; ended by its end.
 */
package rill.bench.program;
