/** Custom servers: what docs/servers.md shows. */
@NullMarked
package rill.examples.server;

import org.jspecify.annotations.NullMarked;
