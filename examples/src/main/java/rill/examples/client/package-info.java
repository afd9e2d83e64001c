/** A custom client: what docs/custom-client.md shows. */
@NullMarked
package rill.examples.client;

import org.jspecify.annotations.NullMarked;
