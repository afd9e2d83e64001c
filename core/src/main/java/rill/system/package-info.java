/** What a loop uses of this machine besides sockets, unless a transport brings its own: memory, randomness. Not exported. */
package rill.system;
