/** A client of one's own: what docs/custom-client.md shows. */
@NullMarked
package rill.examples.client;

import org.jspecify.annotations.NullMarked;
