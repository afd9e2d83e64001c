/** What a loop takes from this machine besides sockets, unless a transport brings its own: memory, randomness. Not exported. */
package rill.system;
