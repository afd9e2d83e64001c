/** Servers of one's own: what docs/servers.md shows. */
@NullMarked
package rill.examples.server;

import org.jspecify.annotations.NullMarked;
